import type { Attempt } from '#contracts';
import type { Cleaner } from './clean.ts';
import { causes, outcomes } from './codes.ts';
import type { Row } from './connection.ts';
import {
  COST_COLUMNS,
  costOf,
  costRow,
  FAILURE_COLUMNS,
  failureOf,
  failureRow,
  maybeShortest,
  present,
  type Stored,
  shortest,
  USAGE_COLUMNS,
  type UsageRow,
  usageOf,
  usageRow,
} from './parts.ts';
import { defineTable } from './table.ts';

export const attempts = defineTable('attempts', {
  at: 'float8',
  exchange: 'uuid',
  number: 'int2',
  cause: 'int2',
  tier: 'text',
  provider: 'text',
  model: 'text',
  started_at: 'float8',
  outcome: 'int2',
  status: 'int2',
  headers_ms: 'float4',
  first_byte_ms: 'float4',
  first_token_ms: 'float4',
  total_ms: 'float4',
  provider_request_id: 'text',
  translated: 'text',
  ...USAGE_COLUMNS,
  ...COST_COLUMNS,
  ...FAILURE_COLUMNS,
});

export type AttemptRow = ReturnType<typeof attemptRow>;

export const attemptRow = (attempt: Attempt, at: number, exchange: string, clean: Cleaner) => ({
  at,
  exchange,
  number: clean.int2(attempt.number),
  cause: causes.code(attempt.cause),
  tier: clean.text(attempt.tier),
  provider: clean.text(attempt.provider),
  model: clean.text(attempt.model),
  started_at: Number.isFinite(attempt.startedAt) ? attempt.startedAt : at,
  outcome: outcomes.code(attempt.outcome),
  status: attempt.status === undefined ? undefined : clean.int2(attempt.status),
  headers_ms: clean.maybeMs(attempt.timing.headers),
  first_byte_ms: clean.maybeMs(attempt.timing.firstByte),
  first_token_ms: clean.maybeMs(attempt.timing.firstToken),
  total_ms: clean.ms(attempt.timing.total),
  provider_request_id: clean.maybeText(attempt.providerRequestId),
  translated: attempt.translated && clean.text(JSON.stringify(attempt.translated)),
  ...usageRow(attempt.usage, clean),
  ...costRow(attempt.cost, clean),
  ...failureRow(attempt.failure, clean),
});

export const attemptOf = (row: Row): Attempt => ({
  number: row.number as number,
  cause: causes.word(row.cause as number),
  tier: row.tier as string,
  provider: row.provider as string,
  model: row.model as string,
  startedAt: row.started_at as number,
  outcome: outcomes.word(row.outcome as number),
  usage: usageOf(row as unknown as Stored<UsageRow>),
  cost: costOf(row as never),
  timing: {
    total: shortest(row.total_ms as number),
    ...present({
      headers: maybeShortest(row.headers_ms),
      firstByte: maybeShortest(row.first_byte_ms),
      firstToken: maybeShortest(row.first_token_ms),
    }),
  },
  ...present({
    status: row.status as number | null,
    failure: failureOf(row as never),
    providerRequestId: row.provider_request_id as string | null,
    translated: row.translated ? (JSON.parse(row.translated as string) as Attempt['translated']) : null,
  }),
});
