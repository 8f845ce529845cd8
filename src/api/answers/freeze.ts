import { z } from 'zod';
import type { FreezeView, PolicyVersionView } from '#contracts';
import type { Same } from './same.ts';
import { freezeMark, rateView } from './watch.ts';

const epoch = z.number().describe('Milliseconds since 1970-01-01 UTC.');

export const freezeView = freezeMark.extend({
  waiting: z
    .array(z.string())
    .describe('What the configuration says otherwise, which takes effect when the route is thawed.'),
  moved: z
    .array(z.object({ subject: z.string(), value: z.string(), lastSeen: epoch, exchange: z.string() }))
    .optional()
    .describe(
      'What callers and providers changed since: a subject of a change event and a value that was not in use then. Absent while the database is away.',
    ),
});
true satisfies Same<FreezeView, z.output<typeof freezeView>>;

export const policyVersionView = z.object({
  version: z.string(),
  firstUsed: epoch,
  lastUsed: epoch,
  good: rateView,
  inForce: z.boolean(),
  lastGood: z.boolean().describe('What `to: good` would take.'),
  differs: z.array(z.string()).describe('What would change if it were put in force.'),
});
true satisfies Same<PolicyVersionView, z.output<typeof policyVersionView>>;
