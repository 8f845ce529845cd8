import type { ExchangeFilter } from '#contracts';
import { FIRST_BAD, NO_TRAFFIC, outcomes, sources } from './codes.ts';
import { isUuid } from './copy.ts';

/** Conditions on rows of `exchanges`, apart from time. */
export interface Where {
  /** SQL after `where`; numbers its parameters from `$1`. */
  readonly text: string;
  readonly params: readonly unknown[];
  /** Nothing is asked: every row will do. */
  readonly open: boolean;
}

/** Every column named here is in an index of `exchanges`; a filter on any other would read whole days. */
export function whereOf(filter: ExchangeFilter): Where {
  const params: unknown[] = [];
  const conditions: string[] = [];
  const param = (value: unknown, type: string) => `$${params.push(value)}::${type}`;
  // Some indexes hold the hash of a name, others the name.
  const name = (column: string, value: string | undefined) => {
    if (value === undefined) return;
    const wanted = param(value, 'text');
    conditions.push(`hashtext(${column}) = hashtext(${wanted}) and ${column} = ${wanted}`);
  };
  name('route', filter.route);
  name('provider', filter.provider);
  name('feature', filter.feature);
  name('key', filter.key);
  name('tenant', filter.tenant);
  name('end_user', filter.user);
  name('task', filter.task);
  name('thread', filter.thread);
  if (filter.model !== undefined) {
    const model = param(filter.model, 'text');
    conditions.push(`(model = ${model} or target_model = ${model} or observed_model = ${model})`);
  }
  if (filter.outcome === 'good') conditions.push(`outcome < ${FIRST_BAD}`);
  else if (filter.outcome === 'bad') conditions.push(`outcome >= ${FIRST_BAD}`);
  else if (filter.outcome !== undefined) conditions.push(`outcome = ${outcomes.code(filter.outcome)}`);
  if (filter.source === undefined) conditions.push(`source not in (${NO_TRAFFIC.join(', ')})`);
  else if (filter.source !== 'all') {
    // A word nobody knows is not an error of the database: nothing is like that.
    const code = sources.find(filter.source);
    conditions.push(code === undefined ? 'false' : `source = ${code}`);
  }
  if (filter.release !== undefined)
    conditions.push(isUuid(filter.release) ? `release = ${param(filter.release, 'uuid')}` : 'false');
  // Counts of 0 are stored as null, and at least 0 is everything.
  if (filter.attempts !== undefined && filter.attempts > 0)
    conditions.push(`attempts >= ${param(Math.min(filter.attempts, 32_767), 'int2')}`);
  if (filter.slower !== undefined && filter.slower > 0) {
    // As the column rounds. What it cannot hold nothing was as slow as; what it holds as 0 is everything.
    const ms = Math.fround(filter.slower);
    if (!Number.isFinite(ms)) conditions.push('false');
    else if (ms > 0) conditions.push(`total_ms >= ${param(ms, 'float4')}`);
  }
  if (filter.dearer !== undefined && filter.dearer > 0)
    conditions.push(`micro_usd >= ${param(Math.ceil(filter.dearer), 'int8')}`);
  return { text: conditions.join(' and ') || 'true', params, open: conditions.length === 0 };
}
