import type { Cost, Failure, Usage } from '#contracts';
import type { Cleaner } from './clean.ts';
import { bases, costStates, failures } from './codes.ts';

/** The columns that exchanges and attempts have in common. */

export const USAGE_COLUMNS = {
  input: 'int4',
  cache_read: 'int4',
  cache_write: 'int4',
  cache_write_long: 'int4',
  output: 'int4',
  reasoning: 'int4',
  audio_in: 'int4',
  audio_out: 'int4',
  image_in: 'int4',
  image_out: 'int4',
  usage_basis: 'int2',
} as const;
export const TOKEN_COLUMNS = [
  'input',
  'cache_read',
  'cache_write',
  'cache_write_long',
  'output',
  'reasoning',
  'audio_in',
  'audio_out',
  'image_in',
  'image_out',
] as const;
export type TokenColumn = (typeof TOKEN_COLUMNS)[number];
export const TOKENS_IN = [
  'input',
  'cache_read',
  'cache_write',
  'cache_write_long',
  'audio_in',
  'image_in',
] as const;
export const TOKENS_OUT = ['output', 'reasoning', 'audio_out', 'image_out'] as const;

export interface UsageRow extends Readonly<Record<TokenColumn, number | undefined>> {
  readonly usage_basis: number;
}

export const usageRow = (usage: Usage, clean: Cleaner): UsageRow => ({
  input: clean.count4(usage.input),
  cache_read: clean.count4(usage.cacheRead),
  cache_write: clean.count4(usage.cacheWrite),
  cache_write_long: clean.count4(usage.cacheWriteLong),
  output: clean.count4(usage.output),
  reasoning: clean.count4(usage.reasoning),
  audio_in: clean.count4(usage.audioIn),
  audio_out: clean.count4(usage.audioOut),
  image_in: clean.count4(usage.imageIn),
  image_out: clean.count4(usage.imageOut),
  usage_basis: bases.code(usage.basis),
});

/** A row as the client gives it back: absent is null. */
export type Stored<R> = { readonly [K in keyof R]: Exclude<R[K], undefined> | null };

export const usageOf = (row: Stored<UsageRow>): Usage => ({
  input: row.input ?? 0,
  cacheRead: row.cache_read ?? 0,
  cacheWrite: row.cache_write ?? 0,
  cacheWriteLong: row.cache_write_long ?? 0,
  output: row.output ?? 0,
  reasoning: row.reasoning ?? 0,
  audioIn: row.audio_in ?? 0,
  audioOut: row.audio_out ?? 0,
  imageIn: row.image_in ?? 0,
  imageOut: row.image_out ?? 0,
  basis: bases.word(row.usage_basis as number),
});

export const COST_COLUMNS = {
  micro_usd: 'int8',
  cost_state: 'int2',
  price_version: 'text',
  cost_parts: 'json',
} as const;

export interface CostRow {
  readonly micro_usd: number | undefined;
  readonly cost_state: number;
  readonly price_version: string | undefined;
  readonly cost_parts: string | undefined;
}

export const costRow = (cost: Cost, clean: Cleaner): CostRow => ({
  micro_usd: clean.count8(cost.microUsd),
  cost_state: costStates.code(cost.state),
  price_version: clean.maybeText(cost.priceVersion),
  cost_parts: clean.json(cost.parts),
});

export const costOf = (row: {
  readonly micro_usd: unknown;
  readonly cost_state: unknown;
  readonly price_version: unknown;
  readonly cost_parts: unknown;
}): Cost => ({
  microUsd: Number(row.micro_usd ?? 0),
  state: costStates.word(row.cost_state as number),
  ...present({
    priceVersion: row.price_version as string | null,
    parts: row.cost_parts as Cost['parts'] | null,
  }),
});

export const FAILURE_COLUMNS = { failure_kind: 'int2', failure: 'json' } as const;

/** The kind is a column because lists show it; the rest of a failure is read with the exchange. */
export const failureRow = (failure: Failure | undefined, clean: Cleaner) => {
  if (failure === undefined) return { failure_kind: undefined, failure: undefined };
  const { kind, ...rest } = failure;
  return { failure_kind: failures.code(kind), failure: clean.json(rest) };
};

export const failureOf = (row: {
  readonly failure_kind: unknown;
  readonly failure: unknown;
}): Failure | undefined =>
  row.failure_kind === null
    ? undefined
    : { kind: failures.word(row.failure_kind as number), ...(row.failure as Omit<Failure, 'kind'>) };

/** Drops what the database said is null: the contracts know only absent. */
export function present<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], null | undefined> } {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(members))
    if (value !== null && value !== undefined) out[key] = value;
  return out as { [K in keyof T]?: Exclude<T[K], null | undefined> };
}

/** The shortest decimal that float4 would store as this number: 1.1, not 1.100000023841858. */
export function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

export const maybeShortest = (value: unknown): number | undefined =>
  value === null || value === undefined ? undefined : shortest(value as number);

/** 32 hex digits, as ids of content are written outside the database. */
export const undashed = (uuid: unknown): string => (uuid as string).replaceAll('-', '');
export const maybeUndashed = (uuid: unknown): string | undefined =>
  uuid === null || uuid === undefined ? undefined : undashed(uuid);
