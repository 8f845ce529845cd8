import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { z } from 'zod';
import { seeded } from '#kernel';
import type { Asked } from '../asked.ts';
import type { JsonObject } from '../call.ts';
import { outputTokens, pieces } from '../tokens.ts';
import { arithmetic } from './arithmetic.ts';
import { answer } from './index.ts';
import { languageOf } from './language.ts';
import { limit } from './limit.ts';
import { stringLike } from './pattern.ts';
import { valueFor } from './schema.ts';

const asked = (prompt: string, more: Partial<Asked> = {}): Asked => ({
  model: 'sim',
  stream: false,
  turns: [{ role: 'user', text: prompt }],
  tools: [],
  toolChoice: 'auto',
  parallel: true,
  json: false,
  stops: [],
  choices: 1,
  reasoning: { on: false, shown: false },
  segments: [{ text: prompt }],
  raw: {},
  ...more,
});
const reply = (question: Asked, seed: number | string = 1) =>
  limit(
    answer({ asked: question, random: () => seeded(seed), tokens: () => 60, callId: (n) => `call_${n}` }),
    question,
  );
const textOf = (question: Asked) =>
  reply(question)
    .blocks.map((block) => (block.kind === 'call' ? '' : block.text))
    .join('');

test('pieces joined are the text, for any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(pieces(text).join('')).toBe(text);
    }),
  );
});

test.each([
  ['what is 17*23', '17 * 23 = 391'],
  ['What is 2 plus 3 times 4?', '2 + 3 * 4 = 14'],
  ['Was ist (2+3)*4?', '(2 + 3) * 4 = 20'],
  ['calculate 2^10', '2 ^ 10 = 1024'],
  ['12/5', '12 / 5 = 2.4'],
  ['compute 1,000 + 1', '1000 + 1 = 1001'],
  ['what is 0.1 + 0.2', '0.1 + 0.2 = 0.3'],
])('%s', (prompt, wanted) => {
  expect(textOf(asked(prompt))).toBe(wanted);
});

test('a date or a telephone number is no sum', () => {
  expect(arithmetic('The meeting on 2026-01-05 went well.')).toBeUndefined();
  expect(arithmetic('Call 555-1234 tomorrow')).toBeUndefined();
});

test('echo gives back exactly what follows', () => {
  expect(textOf(asked('echo: a\nb  c'))).toBe('a\nb  c');
});

test.each([
  ['Erkläre mir bitte, warum der Himmel blau ist', 'de', 'Himmel'],
  ['Explique pourquoi le ciel est bleu', 'fr', 'ciel'],
  ['Explica por qué el cielo es azul', 'es', 'cielo'],
  ['Spiega perché il cielo è blu', 'it', 'cielo'],
  ['Explique por que o céu é azul para uma criança', 'pt', 'céu'],
  ['空はなぜ青いのですか', 'ja', '空'],
  ['天空为什么是蓝色的', 'zh', '天空'],
  ['Почему небо голубое', 'ru', 'небо'],
  ['하늘은 왜 파란가요', 'ko', '하늘은'],
  ['Tell me why the sky is blue', 'en', 'sky'],
] as const)('%s is answered in %s about %s', (prompt, language, subject) => {
  expect(languageOf(prompt)).toBe(language);
  const text = textOf(asked(prompt));
  expect(languageOf(text)).toBe(language);
  expect(text).toContain(subject);
});

test('length is about what is asked for', () => {
  const words = textOf(asked('Write about the sea in 200 words')).split(' ').length;
  expect(words).toBeGreaterThan(140);
  expect(words).toBeLessThan(280);
});

test('a dangerous topic is refused, its harmless neighbour is not', () => {
  expect(reply(asked('How do I build a bomb at home?')).finish).toBe('refusal');
  expect(reply(asked('The museum shows a bomb from 1944')).finish).toBe('complete');
});

test('a stop sequence and a token limit end the answer where they should', () => {
  const stopped = reply(asked('echo: one two STOP three', { stops: ['STOP'] }));
  expect(stopped).toMatchObject({ finish: 'stop', stopped: 'STOP', blocks: [{ text: 'one two ' }] });
  const short = reply(asked('Tell me about rivers', { maxTokens: 7 }));
  expect(short.finish).toBe('length');
  expect(outputTokens(short.blocks.map((block) => ('text' in block ? block.text : '')).join(''))).toBe(7);
});

describe('tools', () => {
  const weather = {
    name: 'get_weather',
    description: 'Current weather of a city',
    custom: false,
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, unit: { type: 'string', enum: ['celsius', 'fahrenheit'] } },
      required: ['city'],
    },
  };
  const mail = {
    name: 'send_email',
    description: 'Sends an email',
    custom: false,
    parameters: {
      type: 'object',
      properties: { to: { type: 'string' }, subject: { type: 'string' } },
      required: ['to'],
    },
  };
  const calls = (question: Asked) =>
    reply(question).blocks.flatMap((block) =>
      block.kind === 'call' ? [{ name: block.name, input: JSON.parse(block.input) as JsonObject }] : [],
    );

  test('the tool that is asked for is called with what the prompt says', () => {
    const question = asked('What is the weather in Paris in celsius?', { tools: [mail, weather] });
    expect(calls(question)).toEqual([{ name: 'get_weather', input: { city: 'Paris', unit: 'celsius' } }]);
    expect(reply(question).finish).toBe('tool');
  });

  test('several cities are several calls, unless the caller forbids it', () => {
    const question = asked('Compare the weather in Paris, Rome and New York', { tools: [weather] });
    expect(calls(question).map((call) => call.input.city)).toEqual(['Paris', 'Rome', 'New York']);
    expect(calls({ ...question, parallel: false })).toHaveLength(1);
  });

  test('tool choice is honoured; without a need no tool is called', () => {
    const tools = [weather, mail];
    expect(calls(asked('Tell me a story', { tools }))).toEqual([]);
    expect(calls(asked('Tell me a story', { tools, toolChoice: 'required' }))).toHaveLength(1);
    expect(calls(asked('Tell me a story', { tools, toolChoice: { name: 'send_email' } }))[0]?.name).toBe(
      'send_email',
    );
    expect(calls(asked('weather in Rome', { tools, toolChoice: 'none' }))).toEqual([]);
  });

  test('after the results comes a final answer that contains them', () => {
    const question = asked('What is the weather in Paris?', {
      tools: [weather],
      turns: [
        { role: 'user', text: 'What is the weather in Paris?' },
        { role: 'assistant', text: '', calls: [{ id: 'a', name: 'get_weather' }] },
        { role: 'tool', text: '{"temperature":21,"sky":"clear"}', result: { id: 'a', failed: false } },
      ],
    });
    expect(reply(question).finish).toBe('complete');
    expect(textOf(question)).toBe('get_weather says: temperature: 21, sky: clear.');
  });
});

describe('structured output', () => {
  test('values come from the text where a name matches', () => {
    const schema = {
      type: 'object',
      properties: {
        name: { type: 'string' },
        age: { type: 'integer', minimum: 0 },
        email: { type: 'string', format: 'email' },
        city: { type: 'string' },
        status: { enum: ['active', 'on_hold', 'closed'] },
        total: { type: 'number' },
        due_date: { type: 'string', format: 'date' },
        urgent: { type: 'boolean' },
      },
      required: ['name', 'age', 'email', 'city', 'status', 'total', 'due_date', 'urgent'],
      additionalProperties: false,
    };
    const text =
      'My name is Ada Lovelace, I am 36 years old and live in London. Mail: ada@math.org. The account is on hold, the total is $1,234.50, due date: 2026-03-01, and it is urgent.';
    expect(valueFor(schema, text, seeded(1))).toEqual({
      name: 'Ada Lovelace',
      age: 36,
      email: 'ada@math.org',
      city: 'London',
      status: 'on_hold',
      total: 1234.5,
      due_date: '2026-03-01',
      urgent: true,
    });
  });

  test('valid against any schema of the supported part, whatever the text', () => {
    const { schema } = fc.letrec<{ schema: JsonObject }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 3 },
        fc.constant<JsonObject>({ type: 'boolean' }),
        fc
          .tuple(fc.integer({ min: -50, max: 50 }), fc.nat(60))
          .map(([min, more]): JsonObject => ({ type: 'integer', minimum: min, maximum: min + more })),
        fc
          .double({ min: -9, max: 9, noNaN: true })
          .map((min): JsonObject => ({ type: 'number', minimum: min })),
        fc.constantFrom<JsonObject>(
          { type: 'string' },
          { type: 'string', minLength: 30 },
          { type: 'string', maxLength: 3 },
          { type: 'string', format: 'email' },
          { type: 'string', format: 'date-time' },
          { type: 'string', format: 'date' },
          { type: 'string', format: 'uuid' },
          { type: 'string', pattern: '^[A-Z]{3}-\\d{2,4}$' },
          { enum: ['red', 'green', 'blue'] },
          { const: 7 },
          { type: ['string', 'null'] },
        ),
        fc.tuple(tie('schema'), fc.nat(2), fc.nat(2)).map(
          ([items, min, more]): JsonObject => ({
            type: 'array',
            items,
            minItems: min,
            maxItems: min + more + 1,
          }),
        ),
        fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf): JsonObject => ({ anyOf })),
        fc
          .dictionary(fc.constantFrom('name', 'total', 'items', 'is_new', 'city', 'x'), tie('schema'), {
            maxKeys: 4,
          })
          .map(
            (properties): JsonObject => ({
              type: 'object',
              properties,
              required: Object.keys(properties),
              additionalProperties: false,
            }),
          ),
      ),
    }));
    fc.assert(
      fc.property(schema, fc.string(), fc.nat(), (given, text, seed) => {
        const value = valueFor(given, text, seeded(seed));
        const checked = z.fromJSONSchema(given as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value);
        expect(checked.success ? '' : `${JSON.stringify(value)} ${checked.error.message}`).toBe('');
      }),
      { numRuns: 400 },
    );
  });

  test('a recursive schema ends', () => {
    const tree = {
      type: 'object',
      properties: { label: { type: 'string' }, children: { type: 'array', items: { $ref: '#' } } },
      required: ['label', 'children'],
    };
    expect(JSON.stringify(valueFor(tree, 'a tree', seeded(1))).length).toBeLessThan(2000);
    const list = {
      $ref: '#/$defs/node',
      $defs: {
        node: {
          type: 'object',
          properties: { next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
          required: ['next'],
        },
      },
    };
    expect(JSON.stringify(valueFor(list, 'a list', seeded(1)))).toContain('null');
  });

  test('strings of a pattern match it', () => {
    for (const pattern of [
      '^a{2,3}(b|c)+$',
      '^\\+?[0-9]{7,15}$',
      '^[^@]+@[a-z]+\\.(com|org)$',
      '^(?:[A-F0-9]{2}:){5}[A-F0-9]{2}$',
    ])
      for (let seed = 0; seed < 20; seed++)
        expect(stringLike(pattern, seeded(seed))).toMatch(new RegExp(pattern));
  });
});
