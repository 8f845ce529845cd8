import { z } from 'zod';
import { HOUR_STATES, type HoursView, REGIME_CAUSES, REGIME_OF } from '#contracts';
import type { Same } from './same.ts';

const hour = z.number().int().describe('0 = Monday 00:00 in the zone, 167 = Sunday 23:00.');
const ms = z.number().describe('Milliseconds to the first token of a stream.');
const normal = { p50: ms, p95: ms, p99: ms };

const now = (figure: typeof ms) =>
  z.object({
    hour,
    label: z.string().describe('`Tue 10:00 ET`.'),
    state: z.enum(HOUR_STATES).describe('`unknown`: too little was seen, of this hour or of late.'),
    normal: z
      .object({ p50: figure, p95: figure, p99: figure })
      .optional()
      .describe('Of this hour; absent while too little is known.'),
    recent: z
      .object({ p50: figure, n: z.number().int() })
      .optional()
      .describe('Of the last minutes; absent without enough answers.'),
    factor: z.number().optional().describe('How many times its normal it takes now.'),
    timeout: ms.optional().describe('Until when a first token is waited for where a route goes by the hour.'),
    says: z.string(),
  });

const regime = z
  .object({
    since: z.number().describe('Beginning of its first hour, milliseconds since 1970-01-01 UTC.'),
    foundAt: z.number().describe('Milliseconds since 1970-01-01 UTC.'),
    of: z.enum(REGIME_OF).describe('`tail`: only the slow answers are slower than they were.'),
    cause: z
      .enum(REGIME_CAUSES)
      .describe(
        '`ours`: what Midwatch asks itself takes no longer; `unclear`: too little of it to tell yet; `unknown`: it asks nothing.',
      ),
    says: z.string(),
  })
  .optional()
  .describe('Slower than its week for hours on end; absent while it is not.');

export const hoursView = z.object({
  provider: z.string(),
  model: z.string(),
  tokens: z
    .object({ from: z.number(), to: z.number().optional() })
    .describe('Input tokens of these asks: above `from`, up to `to`.'),
  zone: z.string().describe('IANA zone in which the load of the provider lives.'),
  since: z.number().describe('When the first answer was seen, milliseconds since 1970-01-01 UTC.'),
  acts: z.boolean().describe('Four weeks are known: routes with `timeouts.byHour` go by it.'),
  now: now(ms),
  regime,
  perToken: z
    .object({ now: now(z.number().describe('Milliseconds a token.')), regime })
    .optional()
    .describe('Likewise of each token once a stream has begun; absent until one was seen.'),
  cells: z
    .array(
      z.object({
        hour,
        ...normal,
        n: z
          .number()
          .int()
          .describe('Answers of the last five weeks; 0: never seen, told is the mean of hours like it.'),
        weeks: z.number().int().describe('Weeks in which it was seen.'),
      }),
    )
    .describe('168, by hour; empty before the first hour is over.'),
});
true satisfies Same<HoursView, z.output<typeof hoursView>>;
