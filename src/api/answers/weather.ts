import { z } from 'zod';
import { SLOWNESS_CAUSES, type SlownessView, WEATHER_STATES, type WeatherView } from '#contracts';
import type { Same } from './same.ts';

const epoch = z.number().describe('Milliseconds since 1970-01-01 UTC.');
const ms = z.number().describe('Milliseconds.');
const microUsd = z.number().int().describe('Millionths of a US dollar.');
const shift = z.object({
  now: z.number(),
  normal: z.number(),
  ratio: z.number(),
  z: z.number().describe('In standard deviations of its logarithm.'),
});

export const slownessView = z.object({
  since: epoch.describe('Beginning of the first slow half minute.'),
  foundAt: epoch.describe('When five of ten were slow.'),
  cause: z.enum(SLOWNESS_CAUSES).describe('The first that holds, as it was found last.'),
  evidence: z.object({
    index: z.number().describe('Contention index: wait over what is normal for the hour.'),
    slow: z.number().int(),
    of: z.number().int(),
    wait: ms,
    normal: ms,
    load: shift.optional().describe('Calls of callers in half a minute.'),
    prompts: shift.extend({ known: z.boolean() }).optional().describe('Uncached input tokens of an ask.'),
    connect: shift.optional().describe('Milliseconds of a new connection; absent where none was made.'),
  }),
  until: epoch.optional().describe('Absent while it goes on.'),
  says: z.string(),
});
true satisfies Same<SlownessView, z.output<typeof slownessView>>;

export const weatherView = z.object({
  provider: z.string(),
  model: z.string(),
  zone: z.string().describe('IANA zone in which the load of the provider lives.'),
  state: z.enum(WEATHER_STATES),
  says: z.string(),
  normal: z
    .object({
      wait: ms.optional(),
      mad: ms.optional(),
      floor: ms.optional().describe('Of an ask of no tokens when nobody is waited for.'),
      perToken: ms.optional().describe('For each uncached input token.'),
    })
    .describe('Now; absent while it is not known.'),
  readings: z
    .array(
      z.object({
        at: epoch,
        n: z.number().int().describe('First tokens looked at.'),
        probes: z.number().int().describe('Of these our own.'),
        wait: ms.describe('Beyond what the asks need, median.'),
        index: z.number(),
        slow: z.boolean(),
        limit: ms.describe('The wait from which on it is too long for what was asked.'),
        known: z.boolean().describe('What asks of this size need is known.'),
        requests: z.number().int(),
        size: z.number(),
        connect: ms,
      }),
    )
    .describe('The last ten half minutes in which anything was seen, oldest first.'),
  findings: z.array(slownessView).describe('The last ten, newest first.'),
  probe: z
    .object({
      every: ms,
      calls: z.number().int().describe('Of the day (UTC).'),
      failed: z.number().int(),
      microUsd,
      dailyMicroUsd: microUsd.describe('What all probes together may cost in a day.'),
      last: z.object({ at: epoch, firstToken: ms.optional(), failed: z.string().optional() }).optional(),
      paused: z.string().optional().describe('Why none is made now.'),
    })
    .optional()
    .describe('Absent: not probed.'),
});
true satisfies Same<WeatherView, z.output<typeof weatherView>>;
