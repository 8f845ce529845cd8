import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { fileName, read, write } from './format.ts';
import type { Cassette } from './types.ts';

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('{  }', '[ ]', 'a\n"b"\\', '\u2028', '__proto__'),
);
const strings = fc.dictionary(fc.stringMatching(/^[a-z][a-z-]{0,9}$/), text, { maxKeys: 4 });
const take = fc.record(
  {
    occurrence: fc.nat(5),
    recordedAt: fc.integer({ min: 0, max: 4e12 }),
    ended: fc.constantFrom('whole' as const, 'cut' as const, 'failed' as const),
    headers: strings,
    endAt: fc.double({ min: 0, max: 1e6, noNaN: true }),
    chunks: fc.array(
      fc.oneof(
        fc.record({ at: fc.nat(), text }),
        fc.record({ at: fc.nat(), base64: fc.uint8Array().map((b) => Buffer.from(b).toString('base64')) }),
      ),
      { maxLength: 5 },
    ),
    release: text,
    status: fc.integer({ min: 100, max: 599 }),
    bill: fc.record({ tokens: fc.nat(), microUsd: fc.nat() }),
  },
  { requiredKeys: ['occurrence', 'recordedAt', 'ended', 'headers', 'endAt', 'chunks'] },
);
const cassette: fc.Arbitrary<Cassette> = fc.record({
  key: fc.constant('0123456789abcdef0123456789abcdef'),
  request: fc.record({
    method: text,
    host: text,
    path: text,
    headers: strings,
    body: fc.jsonValue({ maxDepth: 4 }),
  }),
  accepted: fc.array(
    fc.record({ at: fc.integer({ min: 0, max: 4e12 }), note: text, occurrences: fc.array(fc.nat()) }),
    { maxLength: 2 },
  ),
  takes: fc.array(take, { maxLength: 3 }),
});

test('what is written is what is read, and writing it again changes nothing', () => {
  fc.assert(
    fc.property(cassette, (value) => {
      const written = write(value);
      const again = read(written);
      expect(again.ok).toBe(true);
      if (!again.ok) return;
      expect(JSON.stringify(again.value.takes.map((t) => t.chunks))).toBe(
        JSON.stringify(value.takes.map((t) => t.chunks)),
      );
      expect(write(again.value)).toBe(written);
    }),
    { numRuns: 300, seed: 7 },
  );
});

test('a name is safe on every file system, whatever the path and model', () => {
  fc.assert(
    fc.property(text, text, (path, model) => {
      const key = 'f'.repeat(32);
      const name = fileName({ key, method: 'POST', host: 'h', path, headers: {}, body: null, model });
      expect(name).toMatch(/^[a-z0-9][a-z0-9.-]*\.[a-z0-9][a-z0-9.-]*\.f{32}\.json$/);
      expect(name.length).toBeLessThan(128);
    }),
    { numRuns: 300, seed: 7 },
  );
});
