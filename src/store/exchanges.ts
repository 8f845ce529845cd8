import type { AnswerRecord, AskRecord, DemotionReason, Exchange, Verdict } from '#contracts';
import { timeOf } from '#kernel';
import { type AttemptRow, attemptRow } from './attempts.ts';
import type { Cleaner } from './clean.ts';
import { causes, FIRST_BAD, kinds, outcomes, records, sources } from './codes.ts';
import type { Row } from './connection.ts';
import { isUuid } from './copy.ts';
import { DAY_MS } from './day.ts';
import {
  COST_COLUMNS,
  costOf,
  costRow,
  FAILURE_COLUMNS,
  failureOf,
  failureRow,
  maybeShortest,
  maybeUndashed,
  present,
  type Stored,
  shortest,
  USAGE_COLUMNS,
  type UsageRow,
  undashed,
  usageOf,
  usageRow,
} from './parts.ts';
import { defineTable } from './table.ts';

export const exchanges = defineTable('exchanges', {
  at: 'float8',
  id: 'uuid',
  kind: 'int2',
  source: 'int2',
  record: 'int2',
  route: 'text',
  protocol: 'text',
  release: 'uuid',
  outcome: 'int2',
  status: 'int2',
  attempts: 'int2',
  observed_model: 'text',
  fingerprint: 'text',
  service_tier: 'text',
  region: 'text',
  key: 'text',
  tenant: 'text',
  end_user: 'text',
  feature: 'text',
  principal: 'text',
  thread: 'text',
  task: 'text',
  run: 'text',
  step: 'text',
  parent: 'uuid',
  trace: 'uuid',
  span: 'text',
  model: 'text',
  stream: 'bool',
  structured: 'bool',
  ask_turns: 'int4',
  ask_tools: 'int4',
  ask_images: 'int4',
  ask_audios: 'int4',
  ask_choices: 'int4',
  ask_max_output: 'int4',
  ask_stops: 'int4',
  ask_bytes: 'int4',
  tier: 'text',
  tier_intended: 'text',
  demoted_by: 'text',
  demotion_reason: 'text',
  tier_cell: 'text',
  provider: 'text',
  target_model: 'text',
  queued_ms: 'float4',
  first_byte_ms: 'float4',
  first_token_ms: 'float4',
  total_ms: 'float4',
  overhead_ms: 'float4',
  gap_p50: 'float4',
  gap_p99: 'float4',
  gap_max: 'float4',
  gap_count: 'int4',
  verdicts: 'json',
  ask_messages: 'uuid',
  ask_length: 'int4',
  ask_tools_body: 'uuid',
  ask_schema_body: 'uuid',
  ask_envelope: 'uuid',
  answer: 'uuid[]',
  ...USAGE_COLUMNS,
  ...COST_COLUMNS,
  ...FAILURE_COLUMNS,
});

export type ExchangeColumns = ReturnType<typeof exchangeRow>;

/** One exchange and its attempts as they are written, and as rollups count them. */
export interface Facts {
  readonly exchange: ExchangeColumns;
  readonly attempts: readonly AttemptRow[];
}

/** What no column can hold and no cleaning can mend: an id that is none. */
export class Unstorable extends Error {
  override readonly name = 'Unstorable';
}

/** @throws Unstorable, RangeError (a word without a code) */
export function factsOf(exchange: Exchange, now: number, clean: Cleaner): Facts {
  if (!isUuid(exchange.id))
    throw new Unstorable(`the id "${String(exchange.id).slice(0, 60)}" is not a UUID`);
  const at = eventTime(exchange, now, clean);
  return {
    exchange: exchangeRow(exchange, at, clean),
    attempts: exchange.attempts.map((attempt) => attemptRow(attempt, at, exchange.id, clean)),
  };
}

/** The first day that is believed: nothing was ever asked of a language model before it. */
const EARLIEST = Date.UTC(2015, 0, 1);

/**
 * A time far from any real one would create partitions that retention never reaches. The id carries the event time
 * too; where both are absurd, the exchange is filed under today rather than lost.
 */
function eventTime(exchange: Exchange, now: number, clean: Cleaner): number {
  const believable = (at: number) => at >= EARLIEST && at <= now + 2 * DAY_MS;
  if (believable(exchange.at)) return exchange.at;
  clean.count++;
  const carried = timeOf(exchange.id);
  return believable(carried) ? carried : now;
}

const hash = (name: string, value: string): string => {
  if (!isUuid(value)) throw new Unstorable(`${name} "${value.slice(0, 60)}" is not 32 hex digits`);
  return value;
};
const maybeHash = (name: string, value: string | undefined) =>
  value === undefined ? undefined : hash(name, value);

/**
 * The attempt whose answer the caller got, if any got one: the last with the exchange's own outcome, since a hedge
 * may be started after the attempt that wins.
 */
export function answering<A extends { readonly outcome: unknown }>(
  attempts: readonly A[],
  outcome: A['outcome'],
): A | undefined {
  return attempts.findLast((attempt) => attempt.outcome === outcome) ?? attempts.at(-1);
}

const TAKEOVER = causes.code('takeover');

/** Did the caller get of this attempt's answer: all of it, or the beginning that another one finished? */
export function heard(
  attempt: AttemptRow,
  final: AttemptRow | undefined,
  attempts: readonly AttemptRow[],
): boolean {
  if (attempt === final) return true;
  if (final?.cause !== TAKEOVER) return false;
  return attempts.indexOf(attempt) === attempts.indexOf(final) - 1;
}

function exchangeRow(exchange: Exchange, at: number, clean: Cleaner) {
  const { observed, who, place, ask, tier, timing, askRecord, answerRecord } = exchange;
  const final = answering(exchange.attempts, exchange.outcome);
  return {
    at,
    id: exchange.id as string,
    kind: kinds.code(exchange.kind),
    source: sources.code(exchange.source),
    record: records.code(exchange.record),
    route: clean.text(exchange.route),
    protocol: clean.text(exchange.protocol),
    release: hash('release', exchange.release),
    outcome: outcomes.code(exchange.outcome),
    status: clean.int2(exchange.status),
    attempts: clean.int2(exchange.attempts.length),
    observed_model: clean.maybeText(observed.model),
    fingerprint: clean.maybeText(observed.fingerprint),
    service_tier: clean.maybeText(observed.serviceTier),
    region: clean.maybeText(observed.region),
    key: clean.maybeText(who.key),
    tenant: clean.maybeText(who.tenant),
    end_user: clean.maybeText(who.user),
    feature: clean.maybeText(who.feature),
    principal: clean.maybeText(who.principal),
    thread: clean.maybeText(place.thread),
    task: clean.maybeText(place.task),
    run: clean.maybeText(place.run),
    step: clean.maybeText(place.step),
    parent: clean.maybeHex(place.parent),
    trace: clean.maybeHex(place.trace),
    span: clean.maybeText(place.span),
    model: clean.text(ask.model),
    stream: ask.stream,
    structured: ask.structured,
    ask_turns: clean.count4(ask.turns),
    ask_tools: clean.count4(ask.tools),
    ask_images: clean.count4(ask.images),
    ask_audios: clean.count4(ask.audios),
    // One choice is what nearly everybody asks for.
    ask_choices: ask.choices === 1 ? undefined : clean.exact4(ask.choices),
    ask_max_output: clean.exact4(ask.maxOutput),
    ask_stops: clean.count4(ask.stops),
    ask_bytes: clean.count4(ask.bytes),
    tier: clean.text(tier.served),
    tier_intended: tier.intended === tier.served ? undefined : clean.text(tier.intended),
    demoted_by: clean.maybeText(tier.demotedBy),
    demotion_reason: tier.reason,
    tier_cell: clean.maybeText(tier.cell),
    provider: clean.maybeText(final?.provider),
    target_model: clean.maybeText(final?.model),
    queued_ms: timing.queued === 0 ? undefined : clean.ms(timing.queued),
    first_byte_ms: clean.maybeMs(timing.firstByte),
    first_token_ms: clean.maybeMs(timing.firstToken),
    total_ms: clean.ms(timing.total),
    overhead_ms: clean.ms(timing.overhead),
    gap_p50: clean.maybeMs(timing.gaps?.p50),
    gap_p99: clean.maybeMs(timing.gaps?.p99),
    gap_max: clean.maybeMs(timing.gaps?.max),
    gap_count: clean.exact4(timing.gaps?.count),
    verdicts: exchange.verdicts.length === 0 ? undefined : clean.json(exchange.verdicts),
    ask_messages: maybeHash('ask messages', askRecord?.messages),
    ask_length: clean.exact4(askRecord?.length),
    ask_tools_body: maybeHash('ask tools', askRecord?.tools),
    ask_schema_body: maybeHash('ask schema', askRecord?.schema),
    ask_envelope: maybeHash('ask envelope', askRecord?.envelope),
    answer: answerRecord?.messages.map((message) => hash('answer', message)),
    ...usageRow(exchange.usage, clean),
    ...costRow(exchange.cost, clean),
    ...failureRow(exchange.failure, clean),
  };
}

export const isBad = (outcome: number): boolean => outcome >= FIRST_BAD;

/** Gives back what `exchangeRow` took, except for what cleaning changed. */
export function exchangeOf(row: Row, attempts: Exchange['attempts']): Exchange {
  const text = (name: string) => row[name] as string | null;
  const count = (name: string) => (row[name] as number | null) ?? 0;
  return {
    id: row.id as Exchange['id'],
    at: row.at as number,
    kind: kinds.word(row.kind as number),
    source: sources.word(row.source as number),
    route: row.route as string,
    protocol: row.protocol as string,
    release: undashed(row.release) as Exchange['release'],
    observed: present({
      model: text('observed_model'),
      fingerprint: text('fingerprint'),
      serviceTier: text('service_tier'),
      region: text('region'),
    }),
    who: present({
      key: text('key'),
      tenant: text('tenant'),
      user: text('end_user'),
      feature: text('feature'),
      principal: text('principal'),
    }),
    place: present({
      thread: text('thread'),
      task: text('task'),
      run: text('run'),
      step: text('step'),
      parent: row.parent as Exchange['place']['parent'] | null,
      trace: maybeUndashed(row.trace),
      span: text('span'),
    }),
    ask: {
      model: row.model as string,
      stream: row.stream as boolean,
      structured: row.structured as boolean,
      turns: count('ask_turns'),
      tools: count('ask_tools'),
      images: count('ask_images'),
      audios: count('ask_audios'),
      choices: (row.ask_choices as number | null) ?? 1,
      stops: count('ask_stops'),
      bytes: count('ask_bytes'),
      ...present({ maxOutput: row.ask_max_output as number | null }),
    },
    attempts,
    verdicts: (row.verdicts as readonly Verdict[] | null) ?? [],
    tier: {
      served: row.tier as string,
      intended: text('tier_intended') ?? (row.tier as string),
      ...present({
        demotedBy: text('demoted_by'),
        reason: text('demotion_reason') as DemotionReason | undefined,
        cell: text('tier_cell'),
      }),
    },
    outcome: outcomes.word(row.outcome as number),
    usage: usageOf(row as unknown as Stored<UsageRow>),
    cost: costOf(row as never),
    timing: {
      queued: shortest(count('queued_ms')),
      total: shortest(count('total_ms')),
      overhead: shortest(count('overhead_ms')),
      ...present({
        firstByte: maybeShortest(row.first_byte_ms),
        firstToken: maybeShortest(row.first_token_ms),
        gaps:
          row.gap_count === null
            ? null
            : {
                p50: shortest(count('gap_p50')),
                p99: shortest(count('gap_p99')),
                max: shortest(count('gap_max')),
                count: count('gap_count'),
              },
      }),
    },
    status: row.status as number,
    record: records.word(row.record as number),
    ...present({
      failure: failureOf(row as never),
      askRecord: askRecordOf(row),
      answerRecord: row.answer === null ? null : answerRecordOf(row.answer),
    }),
  };
}

const askRecordOf = (row: Row): AskRecord | undefined =>
  row.ask_messages === null
    ? undefined
    : {
        messages: undashed(row.ask_messages) as AskRecord['messages'],
        length: row.ask_length as number,
        envelope: undashed(row.ask_envelope) as AskRecord['envelope'],
        ...present({
          tools: maybeUndashed(row.ask_tools_body) as AskRecord['tools'],
          schema: maybeUndashed(row.ask_schema_body) as AskRecord['schema'],
        }),
      };

const answerRecordOf = (answer: unknown): AnswerRecord => ({
  messages: (answer as readonly string[]).map(undashed) as unknown as AnswerRecord['messages'],
});
