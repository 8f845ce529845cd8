import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { encode } from './json.ts';
import { lastWords } from './last-words.ts';

const of = (ask: unknown) => lastWords(encode(JSON.stringify(ask)));

test('the last words of the user, in every shape in which an ask says them', () => {
  const system = { role: 'system', content: 'Be brief.' };
  const answer = { role: 'assistant', content: 'Which one?' };
  expect(of({ messages: [system, { role: 'user', content: 'One.' }, answer] })).toBe('One.');
  expect(
    of({ messages: [{ role: 'user', content: [{ type: 'text', text: 'Look:' }, { type: 'image_url' }] }] }),
  ).toBe('Look:');
  expect(of({ input: 'Two.' })).toBe('Two.');
  expect(of({ input: [{ role: 'user', content: [{ type: 'input_text', text: 'Three.' }] }] })).toBe('Three.');
});

test('what a tool returned was said by nobody', () => {
  const asked = { role: 'user', content: 'Book it.' };
  const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'booked' }] };
  expect(of({ messages: [asked, { role: 'assistant', content: [] }, result] })).toBe('Book it.');
});

test('nothing said, nothing readable, or too much to read twice is no words', () => {
  expect(of({ messages: [] })).toBe('');
  expect(of({ input: [1, 2] })).toBe('');
  expect(lastWords(encode('{"messages":'))).toBe('');
  expect(of({ input: 'x'.repeat(1 << 20) })).toBe('');
  expect(of({ input: 'x'.repeat(10_000) })).toHaveLength(4_096);
});

const said = fc.oneof(fc.string(), fc.constantFrom('"}', '\\\\', '{"role":"user"', '\\"', '{', '}]'));
const message = fc.record({
  role: fc.constantFrom('user', 'assistant', 'system'),
  content: fc.oneof(said, fc.array(fc.record({ type: fc.constant('text'), text: said }), { maxLength: 3 })),
});

test('read from the end or from the whole, the words are the same, whatever is in them', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 6 }), fc.boolean(), (messages, tools) => {
      const ask = { model: 'm', messages, ...(tools && { tools: [{ name: 'f' }] }) };
      const compact = lastWords(encode(JSON.stringify(ask)));
      expect(lastWords(encode(JSON.stringify(ask, null, 2)))).toBe(compact);
      expect(lastWords(encode(JSON.stringify(ask).replaceAll('"role":', '"role": ')))).toBe(compact);
    }),
    { numRuns: 500, seed: 46 },
  );
});
