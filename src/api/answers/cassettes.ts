import { z } from 'zod';
import { CASSETTE_VERDICTS, type CassetteView } from '#contracts';
import type { Same } from './same.ts';

const epoch = z.number().describe('Milliseconds since 1970-01-01 UTC.');

export const cassetteView = z.object({
  verify: z
    .object({ folder: z.string(), every: z.number(), sample: z.number(), maxUsd: z.number() })
    .optional()
    .describe('Absent where nothing is asked again by itself.'),
  next: epoch.optional().describe('When the next round is due.'),
  round: z
    .object({
      at: epoch,
      sampled: z.number(),
      of: z.number().describe('Cassettes in the folder.'),
      drifted: z.number(),
      known: z.number().describe('Those that could be compared.'),
      skipped: z.number().describe('Left out, since they might have gone over the cap.'),
      microUsd: z.number(),
      says: z.string(),
    })
    .optional()
    .describe('The last one.'),
  proofs: z
    .array(
      z.object({
        key: z.string(),
        path: z.string(),
        model: z.string().optional(),
        at: epoch,
        verdict: z.enum(CASSETTE_VERDICTS),
        distance: z
          .number()
          .optional()
          .describe('0 to 1: of shape, reason for the end, model and tools the one that moved most.'),
        says: z.string().optional(),
      }),
    )
    .describe('The newest of each cassette, furthest moved first.'),
});
true satisfies Same<CassetteView, z.output<typeof cassetteView>>;
