import type { Usage } from '#contracts';
import { NO_USAGE } from '#contracts';
import { count, isObject, type Json, list, object } from '../shared/json.ts';

/**
 * Anthropic counts cache reads and writes beside the input; the one-hour share of the writes stands in a breakdown.
 * Thinking is counted inside the output. Server-side compaction is billed but left out of the totals, so it is added.
 */
export function anthropicUsage(usage: unknown): Usage {
  if (!isObject(usage)) return NO_USAGE;
  let sum = one(usage);
  for (const iteration of list(usage.iterations))
    if (isObject(iteration) && iteration.type === 'compaction') sum = add(sum, one(iteration));
  return sum;
}

function one(usage: Json): Usage {
  const written = count(usage.cache_creation_input_tokens);
  const kinds = object(usage.cache_creation);
  const long = count(kinds.ephemeral_1h_input_tokens);
  const total = Math.max(written, long + count(kinds.ephemeral_5m_input_tokens));
  const output = count(usage.output_tokens);
  const reasoning = Math.min(output, count(object(usage.output_tokens_details).thinking_tokens));
  return {
    ...NO_USAGE,
    input: count(usage.input_tokens),
    cacheRead: count(usage.cache_read_input_tokens),
    cacheWrite: total - long,
    cacheWriteLong: long,
    output: output - reasoning,
    reasoning,
    basis: 'reported',
  };
}

const add = (a: Usage, b: Usage): Usage => ({
  ...a,
  input: a.input + b.input,
  cacheRead: a.cacheRead + b.cacheRead,
  cacheWrite: a.cacheWrite + b.cacheWrite,
  cacheWriteLong: a.cacheWriteLong + b.cacheWriteLong,
  output: a.output + b.output,
  reasoning: a.reasoning + b.reasoning,
});
