import type { Problem } from '../problem.ts';
import type { Header } from '../script.ts';
import type { Wording } from './dialect.ts';

const body = ({ message, type, param, code }: Problem): string =>
  JSON.stringify({ error: { message, type, param: param ?? null, code: code ?? null } });

export const openaiWording: Wording = {
  problem: (problem) => body(problem),
  problemEvent: (problem) => `data: ${body(problem)}\n\n`,
  headers: ({ requestId, processingMs, quota }): Header[] => [
    ['x-request-id', requestId],
    ['openai-organization', 'org-simulator'],
    ['openai-version', '2020-10-01'],
    ['openai-processing-ms', String(Math.round(processingMs))],
    ['x-ratelimit-limit-requests', String(quota.requests.limit)],
    ['x-ratelimit-limit-tokens', String(quota.tokens.limit)],
    ['x-ratelimit-remaining-requests', String(quota.requests.remaining)],
    ['x-ratelimit-remaining-tokens', String(quota.tokens.remaining)],
    ['x-ratelimit-reset-requests', goDuration(quota.requests.resetMs)],
    ['x-ratelimit-reset-tokens', goDuration(quota.tokens.resetMs)],
  ],
};

/** As OpenAI writes it, Go's way: `6ms`, `1.2s`, `6m0s`, `1h0m0s`. */
export function goDuration(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.floor(ms) / 1000;
  const h = Math.floor(seconds / 3600);
  const m = Math.floor((seconds % 3600) / 60);
  const s = `${Number((seconds % 60).toFixed(3))}s`;
  return h > 0 ? `${h}h${m}m${s}` : m > 0 ? `${m}m${s}` : s;
}
