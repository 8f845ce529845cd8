import { expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  AXES,
  DEMOTION_REASONS,
  type ExchangeFacts,
  FAILURE_KINDS,
  NO_COST,
  NO_USAGE,
  OUTCOMES,
  SOURCES,
} from '#contracts';
import { createRedactor } from '../redact/redactor.ts';
import { factsOf } from '../testing.ts';
import { NumberReader, SpoolBytes } from './bytes.ts';
import { readMeta, type SpoolMeta, writeMeta } from './meta.ts';

function throughBytes(meta: SpoolMeta, mask = (texts: Uint8Array) => texts): SpoolMeta {
  const out = new SpoolBytes();
  // As in the middle of a buffer.
  out.put(Buffer.from('abc'));
  writeMeta(meta, out, mask);
  return readMeta(out.bytes.subarray(3, out.at));
}

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const maybe = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined });
const count = fc.oneof(fc.nat(400), fc.nat(), fc.maxSafeNat());
const ms = fc.oneof(fc.nat(100_000), fc.double({ min: 1e-6, noNaN: true, noDefaultInfinity: true }));
const failure = fc.record(
  {
    kind: fc.constantFrom(...FAILURE_KINDS),
    origin: fc.constantFrom('client', 'provider'),
    retryable: fc.boolean(),
    hint: text,
    after: fc.nat(),
  },
  { requiredKeys: ['kind', 'origin', 'retryable', 'hint'] },
);
const usage = fc.record({
  ...Object.fromEntries(Object.keys(NO_USAGE).map((name) => [name, count])),
  basis: fc.constantFrom('reported', 'estimated', 'none'),
});
const cost = fc.record({
  microUsd: count,
  state: fc.constantFrom('exact', 'estimated', 'unpriced', 'free'),
  priceVersion: maybe(text),
  parts: maybe(
    // Names of our own: the kinds of tokens.
    fc.dictionary(fc.constantFrom(...Object.keys(NO_USAGE).filter((name) => name !== 'basis')), count),
  ),
});
const strings = (...names: string[]) =>
  fc.record(Object.fromEntries(names.map((name) => [name, maybe(text)])));
const facts = fc.record({
  id: fc.uuid(),
  at: fc.oneof(fc.nat({ max: 2e12 }), fc.double({ min: 1, max: 2e12, noNaN: true })),
  kind: fc.constantFrom('model', 'tool', 'retrieval'),
  source: fc.constantFrom(...SOURCES),
  route: text,
  protocol: text,
  observed: strings('model', 'fingerprint', 'serviceTier', 'region'),
  who: strings('key', 'tenant', 'user', 'feature', 'principal'),
  place: strings('thread', 'task', 'run', 'step', 'parent', 'trace', 'span'),
  ask: fc.record({
    model: text,
    stream: fc.boolean(),
    structured: fc.boolean(),
    ...Object.fromEntries(
      ['turns', 'tools', 'images', 'audios', 'choices', 'stops', 'bytes'].map((name) => [name, count]),
    ),
    maxOutput: maybe(count),
  }),
  attempts: fc.array(
    fc.record({
      number: count,
      cause: fc.constantFrom('first', 'retry', 'reroute', 'fallback', 'reprompt', 'hedge', 'takeover'),
      tier: fc.constantFrom('primary', 'fallback'),
      provider: text,
      model: text,
      startedAt: ms,
      outcome: fc.constantFrom(...OUTCOMES),
      status: maybe(count),
      failure: maybe(failure),
      usage: fc.oneof(fc.constant(NO_USAGE), usage),
      cost: fc.oneof(fc.constant(NO_COST), cost),
      timing: fc.record({ headers: maybe(ms), firstByte: maybe(ms), firstToken: maybe(ms), total: ms }),
      providerRequestId: maybe(text),
      translated: maybe(fc.record({ to: text, losses: fc.array(text) })),
    }),
    { maxLength: 3 },
  ),
  verdicts: fc.array(
    fc.record({ guard: text, version: count, decision: fc.constant('flag'), evidence: text }),
    {
      maxLength: 2,
    },
  ),
  tier: fc.record({
    intended: fc.constantFrom('primary', 'fallback'),
    served: fc.constantFrom('primary', 'fallback'),
    demotedBy: maybe(text),
    reason: maybe(fc.constantFrom(...DEMOTION_REASONS)),
    cell: maybe(text),
  }),
  outcome: fc.constantFrom(...OUTCOMES),
  failure: maybe(failure),
  usage: fc.oneof(fc.constant(NO_USAGE), usage),
  cost: fc.oneof(fc.constant(NO_COST), cost),
  timing: fc.record({
    queued: ms,
    firstByte: maybe(ms),
    firstToken: maybe(ms),
    total: ms,
    overhead: ms,
    gaps: maybe(fc.record({ p50: ms, p99: ms, max: ms, count })),
  }),
  status: count,
  record: fc.constantFrom('full', 'masked', 'none'),
}) as unknown as fc.Arbitrary<ExchangeFacts>;
const meta = fc.record({
  facts,
  declared: fc.dictionary(fc.constantFrom(...AXES), text),
  digest: maybe(fc.record({ axes: fc.dictionary(fc.constantFrom(...AXES), text), release: text })),
}) as fc.Arbitrary<SpoolMeta>;

test('any record comes back as it was', () => {
  fc.assert(
    fc.property(meta, (given) => {
      expect(throughBytes(given)).toEqual(given);
    }),
    { seed: 7, numRuns: 300 },
  );
});

test('any number comes back, in one byte when it is small', () => {
  fc.assert(
    fc.property(fc.array(maybe(fc.oneof(count, fc.integer(), fc.double()))), (numbers) => {
      const out = new SpoolBytes();
      for (const number of numbers) out.number(number);
      const reader = new NumberReader(out.bytes.subarray(0, out.at), 0);
      expect(numbers.map(() => reader.maybe())).toEqual(
        // JSON has no negative zero either.
        numbers.map((number) => (number === 0 ? 0 : number)),
      );
      expect(() => reader.next()).toThrow(RangeError);
    }),
  );
  const out = new SpoolBytes();
  out.number(250);
  expect(out.at).toBe(1);
});

test('a secret in any text is masked before it is in the buffer, and the others stay', () => {
  const secret = 'sk-proj-Zq8vT3nLw0RkY5bUe2HsX7dJ';
  const given: SpoolMeta = {
    facts: factsOf(1, {
      who: { user: `u ${secret}`, feature: 'password="hunter22x' },
      place: { thread: 't-1' },
      verdicts: [{ guard: 'g', version: 1, decision: 'flag', evidence: `"token": "${secret}"` }],
    }),
    declared: { prompt: secret },
  };
  const out = new SpoolBytes();
  writeMeta(given, out, createRedactor().secretsIn);
  const said = out.bytes.subarray(0, out.at).toString('latin1');
  expect(said).not.toContain('Zq8vT3nLw0');
  expect(said).not.toContain('hunter22x');
  const { facts: kept } = readMeta(out.bytes.subarray(0, out.at));
  expect(kept.place.thread).toBe('t-1');
  expect(kept.attempts).toEqual(given.facts.attempts);
});
