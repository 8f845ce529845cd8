import fc from 'fast-check';
import {
  type Attempt,
  AXES,
  type Axes,
  type Cost,
  DEMOTION_REASONS,
  type Exchange,
  type ExchangeId,
  FAILURE_KINDS,
  type Failure,
  OUTCOMES,
  SOURCES,
  type Usage,
  type Verdict,
} from '#contracts';
import { releaseOf, START } from './testing.ts';

/** Any exchange that is what the contracts say it is, for property tests. */

/** Durations of six digits, as float4 keeps them. */
const ms = fc.integer({ min: 0, max: 999_999 }).map((n) => n / 100);
const count = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 1_000_000 }));
const text = fc.oneof(
  fc.constantFrom('a', 'gpt-5', 'it\'s "quoted", {braced} \\ and\nbroken', 'naïve 漢字 🜚', 'NULL', '%s $1'),
  fc
    .string({ minLength: 1, maxLength: 40, unit: 'grapheme' })
    .filter((s) => !s.includes('\0') && s.isWellFormed()),
);
const hex = (length: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
    .map((a) => a.join(''));
const hash = hex(32);

const usage: fc.Arbitrary<Usage> = fc.record({
  input: count,
  cacheRead: count,
  cacheWrite: count,
  cacheWriteLong: count,
  output: count,
  reasoning: count,
  audioIn: count,
  audioOut: count,
  imageIn: count,
  imageOut: count,
  basis: fc.constantFrom('reported', 'estimated', 'none'),
});

const cost: fc.Arbitrary<Cost> = fc.record(
  {
    microUsd: fc.oneof(count, fc.constant(Number.MAX_SAFE_INTEGER)),
    state: fc.constantFrom('exact', 'estimated', 'unpriced', 'free'),
    priceVersion: text,
    parts: fc.dictionary(fc.constantFrom('input', 'output', 'cache read'), count),
  },
  { requiredKeys: ['microUsd', 'state'] },
);

const failure: fc.Arbitrary<Failure> = fc.record(
  {
    kind: fc.constantFrom(...FAILURE_KINDS),
    origin: fc.constantFrom('client', 'midwatch', 'provider', 'network'),
    retryable: fc.boolean(),
    hint: text,
    after: count,
    status: fc.integer({ min: 100, max: 599 }),
  },
  { requiredKeys: ['kind', 'origin', 'retryable', 'hint'] },
);

const attempt: fc.Arbitrary<Attempt> = fc.record(
  {
    number: fc.integer({ min: 1, max: 100 }),
    cause: fc.constantFrom('first', 'retry', 'reroute', 'fallback', 'reprompt', 'hedge', 'takeover'),
    tier: text,
    provider: text,
    model: text,
    startedAt: fc.double({ min: START, max: START + 1e6, noNaN: true }),
    outcome: fc.constantFrom(...OUTCOMES),
    usage,
    cost,
    timing: fc.record({ total: ms, headers: ms, firstByte: ms, firstToken: ms }, { requiredKeys: ['total'] }),
    status: fc.integer({ min: 100, max: 599 }),
    failure,
    providerRequestId: text,
    translated: fc.record({ to: text, losses: fc.array(text, { maxLength: 4 }) }),
  },
  {
    requiredKeys: [
      'number',
      'cause',
      'tier',
      'provider',
      'model',
      'startedAt',
      'outcome',
      'usage',
      'cost',
      'timing',
    ],
  },
);

const verdict: fc.Arbitrary<Verdict> = fc.record(
  {
    guard: text,
    version: fc.integer({ min: 1, max: 9 }),
    decision: fc.constantFrom('pass', 'flag', 'change', 'block'),
    evidence: text,
    body: hash as fc.Arbitrary<NonNullable<Verdict['body']>>,
  },
  { requiredKeys: ['guard', 'version', 'decision'] },
);

export const anyAxes: fc.Arbitrary<Axes> = fc.dictionary(fc.constantFrom(...AXES), text);

/** All but id and release, which follow from the rest. */
export const anyExchange: fc.Arbitrary<Omit<Exchange, 'id' | 'release'>> = fc.record(
  {
    at: fc.double({ min: START, max: START + 3 * 86_400_000, noNaN: true }),
    kind: fc.constantFrom('model', 'tool', 'retrieval'),
    source: fc.constantFrom(...SOURCES),
    route: text,
    protocol: text,
    observed: fc.record(
      { model: text, fingerprint: text, serviceTier: text, region: text },
      { requiredKeys: [] },
    ),
    who: fc.record(
      { key: text, tenant: text, user: text, feature: text, principal: text },
      { requiredKeys: [] },
    ),
    place: fc.record(
      {
        thread: text,
        task: text,
        run: text,
        step: text,
        parent: fc.uuid({ version: 7 }) as unknown as fc.Arbitrary<ExchangeId>,
        trace: hash,
        span: hex(16),
      },
      { requiredKeys: [] },
    ),
    ask: fc.record(
      {
        model: text,
        stream: fc.boolean(),
        structured: fc.boolean(),
        turns: count,
        tools: count,
        images: count,
        audios: count,
        choices: count,
        stops: count,
        bytes: count,
        maxOutput: count,
      },
      {
        requiredKeys: [
          'model',
          'stream',
          'structured',
          'turns',
          'tools',
          'images',
          'audios',
          'choices',
          'stops',
          'bytes',
        ],
      },
    ),
    attempts: fc
      .array(attempt, { maxLength: 3 })
      .map((attempts) => attempts.map((one, i) => ({ ...one, number: i + 1 }))),
    verdicts: fc.array(verdict, { maxLength: 2 }),
    tier: fc.record(
      {
        intended: text,
        served: text,
        demotedBy: text,
        reason: fc.constantFrom(...DEMOTION_REASONS),
        cell: text,
      },
      { requiredKeys: ['intended', 'served'] },
    ),
    outcome: fc.constantFrom(...OUTCOMES),
    failure,
    usage,
    cost,
    timing: fc.record(
      {
        queued: ms,
        total: ms,
        overhead: ms,
        firstByte: ms,
        firstToken: ms,
        gaps: fc.record({ p50: ms, p99: ms, max: ms, count }),
      },
      { requiredKeys: ['queued', 'total', 'overhead'] },
    ),
    status: fc.integer({ min: 100, max: 599 }),
    record: fc.constantFrom('full', 'masked', 'none'),
    askRecord: fc.record(
      { messages: hash, length: count, envelope: hash, tools: hash, schema: hash },
      { requiredKeys: ['messages', 'length', 'envelope'] },
    ) as unknown as fc.Arbitrary<NonNullable<Exchange['askRecord']>>,
    answerRecord: fc.record({ messages: fc.array(hash, { maxLength: 3 }) }) as unknown as fc.Arbitrary<
      NonNullable<Exchange['answerRecord']>
    >,
  },
  {
    requiredKeys: [
      'at',
      'kind',
      'source',
      'route',
      'protocol',
      'observed',
      'who',
      'place',
      'ask',
      'attempts',
      'verdicts',
      'tier',
      'outcome',
      'usage',
      'cost',
      'timing',
      'status',
      'record',
    ],
  },
);

/** Completes it: `digest` names no bodies, as when a route records none. */
export const complete = (
  part: Omit<Exchange, 'id' | 'release'>,
  axes: Axes,
  id: ExchangeId,
): { readonly exchange: Exchange; readonly axes: Axes } => ({
  exchange: { ...part, id, release: releaseOf(axes) },
  axes,
});
