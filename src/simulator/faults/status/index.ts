import { z } from 'zod';
import { problemOf } from '../../problem.ts';
import type { Header } from '../../script.ts';
import { defineFault } from '../define.ts';
import { milliseconds } from '../params.ts';

/** Every spelling of "come back later" that providers are known to use. */
const SPELLINGS = ['seconds', 'date', 'ms', 'both', 'reset', 'none'] as const;

export const fault = defineFault({
  name: 'status',
  version: 1,
  summary: 'Answers with an error status and body, with an optional wait in each spelling.',
  main: 'code',
  params: z.strictObject({
    code: z.coerce.number().int().min(400).max(599).default(503).describe('HTTP status.'),
    retryAfter: milliseconds.optional().describe('How long to wait before another try.'),
    spelling: z
      .enum(SPELLINGS)
      .default('seconds')
      .describe(
        '`seconds`, `date` and `both` use retry-after, `ms` uses retry-after-ms, `reset` the rate-limit headers.',
      ),
    message: z.string().optional(),
    errorCode: z
      .string()
      .optional()
      .describe('`error.code` of an OpenAI body, for instance insufficient_quota.'),
  }),
  effects: ({ code, retryAfter, spelling, message, errorCode }) => ({
    refuse: () => {
      const problem = problemOf(code);
      return { ...problem, message: message ?? problem.message, code: errorCode ?? problem.code };
    },
    script: (script, { now }) =>
      retryAfter === undefined
        ? script
        : { ...script, headers: withWait(script.headers, retryAfter, spelling, now) },
  }),
});

function withWait(
  headers: readonly Header[],
  ms: number,
  spelling: (typeof SPELLINGS)[number],
  now: number,
): readonly Header[] {
  const seconds = String(Math.ceil(ms / 1000));
  const until = new Date(Math.ceil((now + ms) / 1000) * 1000);
  switch (spelling) {
    case 'seconds':
      return [...headers, ['retry-after', seconds]];
    case 'date':
      return [...headers, ['retry-after', until.toUTCString()]];
    case 'ms':
      return [...headers, ['retry-after-ms', String(ms)]];
    case 'both':
      return [...headers, ['retry-after', seconds], ['retry-after-ms', String(ms)]];
    case 'reset':
      return headers.map(([name, value]): Header => {
        if (name.startsWith('x-ratelimit-reset-')) return [name, `${ms / 1000}s`];
        if (/^anthropic-ratelimit-.*-reset$/.test(name))
          return [name, `${until.toISOString().slice(0, 19)}Z`];
        return name.includes('-remaining') ? [name, '0'] : [name, value];
      });
    case 'none':
      return headers;
  }
}
