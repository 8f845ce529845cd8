import { z } from 'zod';
import { ROUTER_VERDICTS, type RouterView, TUNE_VERDICTS } from '#contracts';
import type { Same } from './same.ts';

const epoch = z.number().describe('Milliseconds since 1970-01-01 UTC.');
const share = z.number().describe('From 0 to 1.');
const interval = { estimate: z.number(), lower: z.number(), upper: z.number() };
const perSolved = z.object(interval).describe('Millionths of a US dollar per solved task.');
const difference = z
  .object({ ...interval, n: z.number().int().describe('Tasks seen.') })
  .describe('Cost of a solved task with the router against without, millionths of a US dollar.');
const shares = z.object(interval).describe('Share of the pairs.');
const verdict = z.enum(ROUTER_VERDICTS);
const bin = z
  .object({
    stated: z.number().describe('Mean p, the chance that the cheap model is enough.'),
    enough: z.object(interval).describe('How often it was.'),
    n: z.number().int(),
  })
  .describe('What the classifier stated, and what became of it.');

const arm = z.object({
  tasks: z.number().int(),
  exchanges: z.number().int().describe('Calls of these tasks, repeats included.'),
  solved: z.number().int(),
  microUsd: z.number().int().describe('Millionths of a US dollar.'),
  perSolved: perSolved.optional(),
});

export const routerView = z.object({
  route: z.string(),
  cheap: z.string().describe('Tier of the cheap model.'),
  dear: z.string().describe('Tier of the dear model.'),
  decidedBy: z.enum(['rules', 'classifier']),
  since: epoch.describe('When its books were opened.'),
  verdict,
  final: z.boolean().describe('No further look will change it.'),
  says: z.string().describe('The verdict with its reason.'),
  tasks: z.object({
    closed: z.number().int().describe('In the books.'),
    planned: z.number().int().describe('Until the verdict is final.'),
    open: z.number().int().describe('May still be repeated.'),
  }),
  holdback: share.describe('Tasks that always take the dear model.'),
  router: arm,
  frontier: arm.describe('The holdback.'),
  difference: difference.optional(),
  before: z
    .object({ verdict, until: epoch, difference: difference.optional() })
    .optional()
    .describe('What the books before these ended with.'),
  onPaper: z
    .number()
    .optional()
    .describe('What its first calls alone seem to save: the number that flatters, repeats not charged.'),
  saved: z.number().optional().describe('What is saved per solved task; negative when it loses.'),
  escalation: z
    .object({
      declared: share,
      band: z.number(),
      n: z.number().int(),
      estimate: z.number().optional(),
      lower: z.number(),
      upper: z.number(),
      finding: z.enum(['above', 'below']).optional(),
    })
    .describe('Share of tasks sent to the dear model; the interval holds however often one looks.'),
  regret: z
    .object({
      pairs: z.number().int(),
      rightCheap: shares,
      falseCheap: shares,
      rightDear: shares,
      falseDear: shares,
      microUsd: z.object(interval).describe('What wrong choices cost, millionths of a US dollar an ask.'),
    })
    .optional()
    .describe('Absent without pairs of both answers.'),
  tuned: z
    .object({
      threshold: z.number().describe('Above 1: never cheap.'),
      microUsd: z.number().describe('What an ask would cost, bad answers weighed in.'),
      present: z.number().describe('What it costs now.'),
      gain: z.object(interval).describe('What is saved an ask, millionths of a US dollar, 95 %.'),
      verdict: z.enum(TUNE_VERDICTS).describe('Nobody applies it.'),
      escalation: z.object(interval).describe('Share of the asks that would go to the dear model.'),
    })
    .optional()
    .describe('Threshold of the classifier that the pairs suggest; absent below 100 of them.'),
  unpriced: z.number().int().describe('Exchanges whose price nobody knows; their cost counts as nothing.'),
  classifier: z
    .object({
      asked: z.number().int(),
      late: z.number().int().describe('No answer in time; went to the dear model.'),
      failed: z.number().int().describe('No usable answer; went to the dear model.'),
      threshold: z.number().describe('In force.'),
      pairs: z.number().int().describe('Asks of which it had its word and both answers are known.'),
      wanted: z.number().int().describe('How many of them it takes to say anything.'),
      calibration: z
        .object({
          ece: z.number().describe('Expected calibration error over ten bins.'),
          byChance: z.number().describe('What a perfect classifier would show at so many pairs.'),
          brier: z.number(),
          cheap: bin.optional(),
          dear: bin.optional(),
          bins: z.array(bin).readonly(),
        })
        .optional()
        .describe('Absent below `wanted` pairs.'),
    })
    .optional(),
});
true satisfies Same<RouterView, z.output<typeof routerView>>;
