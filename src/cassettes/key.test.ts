import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { asker } from './key.ts';
import { chat, say } from './testing.ts';

const ask = asker();
const keyOf = (body: unknown, url?: string) => ask(chat(body, url)).key;

/** The same value with object keys in another order and spaces in between. */
function shuffled(value: unknown, seed: number): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[ ${value.map((v) => shuffled(v, seed)).join(' ,\n')} ]`;
  const names = Object.keys(value);
  const turned = [
    ...names.slice(seed % names.length || 0),
    ...names.slice(0, seed % names.length || 0),
  ].reverse();
  return `{ ${turned.map((n) => `${JSON.stringify(n)} :\t${shuffled((value as Record<string, unknown>)[n], seed)}`).join(' , ')} }`;
}

test('order of keys and spaces never change the key', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(20), (value, seed) => {
      const body = {
        ...say('x'),
        tools: [value],
        temperature: 0.3,
        response_format: { type: 'json', schema: value },
      };
      expect(keyOf(shuffled(body, seed))).toBe(keyOf(body));
    }),
    { numRuns: 200, seed: 7 },
  );
});

test('volatile fields never change the key, any other member does', () => {
  const base = keyOf(say('x'));
  fc.assert(
    fc.property(fc.string(), fc.dictionary(fc.string(), fc.string()), (user, metadata) => {
      expect(keyOf({ ...say('x'), user, metadata, safety_identifier: user, prompt_cache_key: user })).toBe(
        base,
      );
    }),
    { numRuns: 100, seed: 7 },
  );
  fc.assert(
    fc.property(
      fc.constantFrom(
        'temperature',
        'top_p',
        'seed',
        'tools',
        'stop',
        'max_tokens',
        'stream',
        'stream_options',
        'service_tier',
        'x',
      ),
      fc.jsonValue(),
      (name, value) => {
        expect(keyOf({ ...say('x'), [name]: value })).not.toBe(base);
      },
    ),
    { numRuns: 200, seed: 7 },
  );
});

test('method, path, model, version header and host belong to the key; loopback ports and credentials do not', () => {
  const base = ask(chat(say('x')));
  const other = (change: object) => ask({ ...chat(say('x')), ...change }).key;
  expect(other({ url: 'https://api.openai.com/v1/responses' })).not.toBe(base.key);
  expect(other({ url: 'https://api.groq.com/v1/chat/completions' })).not.toBe(base.key);
  expect(other({ method: 'PUT' })).not.toBe(base.key);
  expect(other({ headers: { 'anthropic-beta': 'x' } })).not.toBe(base.key);
  expect(keyOf({ ...say('x'), model: 'gpt-5.5-mini' })).not.toBe(base.key);
  expect(other({ headers: { authorization: 'Bearer other', 'user-agent': 'x' } })).toBe(base.key);
  expect(keyOf(say('x'), 'http://127.0.0.1:4005/v1/x')).toBe(keyOf(say('x'), 'http://localhost:9/v1/x'));
  const query = ask(chat(say('x'), 'https://h.example/v1/x?key=AIzaSy&api-version=2&a=1'));
  expect(query.path).toBe('/v1/x?a=1&api-version=2');
});

test('ids that a provider draws afresh are named by appearance, and stay what links a result to its call', () => {
  const talk = (first: string, second: string, results: readonly string[]) => ({
    model: 'm',
    messages: [
      {
        role: 'assistant',
        tool_calls: [
          { id: first, type: 'function', function: { name: 'f', arguments: '{"id":"call_a"}' } },
          { id: second },
        ],
      },
      ...results.map((tool_call_id) => ({ role: 'tool', tool_call_id, content: 'ok' })),
    ],
  });
  const key = keyOf(talk('call_a', 'call_b', ['call_a', 'call_b']));
  expect(keyOf(talk('call_x', 'call_y', ['call_x', 'call_y']))).toBe(key);
  expect(keyOf(talk('call_x', 'call_y', ['call_y', 'call_x']))).not.toBe(key);

  const claude = (id: string) => ({
    messages: [
      { role: 'assistant', content: [{ type: 'tool_use', id, name: 'f', input: { id: 7 } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'ok' }] },
    ],
  });
  expect(keyOf(claude('toolu_01A'))).toBe(keyOf(claude('toolu_09Z')));
  expect(ask(chat(claude('toolu_01A'))).body).toEqual(claude('toolu_1'));

  const responses = (a: string, b: string) => ({
    input: [
      { type: 'function_call', id: a, call_id: b, name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: b, output: 'ok' },
    ],
  });
  expect(keyOf(responses('fc_1x', 'call_9'))).toBe(keyOf(responses('fc_2y', 'call_8')));
});

test('paths to ignore, a class of hosts and a rewrite are the caller’s own', () => {
  const own = asker({
    ignore: ['messages[*].name', 'extra.run'],
    hostClass: (host) => host.replace(/\.[a-z]+-[a-z]+-\d\./, '.*.'),
    rewrite: (body) => JSON.parse(JSON.stringify(body).replace(/\d{4}-\d\d-\d\d/g, '<date>')),
  });
  const body = (name: string, run: number, date: string) => ({
    messages: [{ name, content: `today is ${date}` }],
    extra: { run },
  });
  const at = (region: string) => `https://bedrock.${region}.amazonaws.com/x`;
  expect(own(chat(body('a', 1, '2026-01-01'), at('us-east-1'))).key).toBe(
    own(chat(body('b', 2, '2026-02-02'), at('eu-west-3'))).key,
  );
  expect(() => asker({ ignore: ['a..b'] })).toThrow('not a path');
  expect(() => asker({ headers: ['X-Api-Key'] })).toThrow('credential');
});

test('bodies that are no JSON have keys too', () => {
  const raw = (bytes: Uint8Array) =>
    ask({ url: 'https://h.example/a', method: 'POST', headers: {}, body: bytes });
  expect(raw(new Uint8Array([1, 255])).body).toEqual({ $base64: 'Af8=' });
  expect(raw(new TextEncoder().encode('plain')).body).toEqual({ $text: 'plain' });
  expect(ask({ url: 'https://h.example/a', method: 'GET', headers: {} }).body).toBeNull();
});
