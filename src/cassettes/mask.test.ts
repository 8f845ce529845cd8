import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { createRedactor } from '#telemetry';
import { maskReads, maskValue } from './mask.ts';
import { spoken } from './testing.ts';

const redactor = createRedactor();
const mask = (text: string) => redactor.secrets(text).text;
const SECRET = 'sk-proj-Zk3mQ9vT2xL7wR4bN8cY1dF6';

const reads = (bytes: Uint8Array, cuts: readonly number[]) => {
  const edges = [
    0,
    ...[...new Set(cuts.map((c) => c % (bytes.length + 1)))].sort((a, b) => a - b),
    bytes.length,
  ];
  return edges
    .slice(1)
    .flatMap((to, i) => (to > edges[i]! ? [{ at: i, bytes: bytes.subarray(edges[i], to) }] : []));
};
const joined = (chunks: ReturnType<typeof maskReads>) =>
  Buffer.concat(chunks.map((c) => ('text' in c ? Buffer.from(c.text) : Buffer.from(c.base64, 'base64'))));

test('without a secret every byte and every boundary stays, whatever the bytes', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      fc.array(fc.nat()),
      fc.boolean(),
      (bytes, cuts, stream) => {
        const pieces = reads(bytes, cuts);
        const chunks = maskReads(pieces, stream, (t) => t);
        expect(chunks.length).toBe(pieces.length);
        expect(joined(chunks).equals(Buffer.from(bytes))).toBe(true);
      },
    ),
    { numRuns: 300, seed: 7 },
  );
});

test('a secret that a model spells over many events is found, in whatever pieces and reads', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 4, maxLength: 30 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      (sizes, cuts) => {
        const text = `the key is ${SECRET} and ünïcode goes on`;
        const parts: string[] = [];
        for (let from = 0, i = 0; from < text.length; i++) {
          const size = sizes[i % sizes.length]!;
          parts.push(text.slice(from, from + size));
          from += size;
        }
        const stream = spoken(parts)
          .chunks.map(([, t]) => t)
          .join('');
        const out = joined(maskReads(reads(Buffer.from(stream), cuts), true, mask)).toString();
        const said = [...out.matchAll(/^data: (\{.*\})$/gm)]
          .map((m) => JSON.parse(m[1]!).choices[0].delta.content ?? '')
          .join('');
        expect(said).toContain('the key is sk-proj-…[masked]');
        expect(said).toEndWith(' and ünïcode goes on');
        expect(out).toEndWith('data: [DONE]\n\n');
        expect(said).not.toContain(SECRET.slice(8, 16));
      },
    ),
    { numRuns: 200, seed: 7 },
  );
});

test('interleaved choices do not hide a secret', () => {
  const event = (index: number, content: string) =>
    `data: ${JSON.stringify({ choices: [{ index, delta: { content } }] })}\n\n`;
  const text = [...SECRET].map((c) => event(0, c) + event(1, 'x')).join('');
  const out = joined(maskReads([{ at: 0, bytes: Buffer.from(text) }], true, mask)).toString();
  const said = [...out.matchAll(/^data: (.*)$/gm)].map((m) => JSON.parse(m[1]!).choices[0]);
  expect(
    said
      .filter((c) => c.index === 0)
      .map((c) => c.delta.content)
      .join(''),
  ).toBe('sk-proj-…[masked]');
  expect(
    said
      .filter((c) => c.index === 1)
      .map((c) => c.delta.content)
      .join(''),
  ).toBe('x'.repeat(SECRET.length));
});

test('a value under the name of a credential goes whole, a schema that speaks of one stays', () => {
  expect(
    maskValue(
      { api_key: 'hunter2', tools: [{ properties: { api_key: { type: 'string' } } }], max_tokens: 5 },
      mask,
    ),
  ).toEqual({
    api_key: '…[masked]',
    tools: [{ properties: { api_key: { type: 'string' } } }],
    max_tokens: 5,
  });
});
