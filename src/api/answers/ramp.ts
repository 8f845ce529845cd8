import { z } from 'zod';
import { RAMP_PHASES, type RampDecision, type RampJudged, type RampView } from '#contracts';
import type { Same } from './same.ts';

const epoch = z.number().describe('Milliseconds since 1970-01-01 UTC.');
const percent = z.number().describe('From 0 to 100.');

const bucket = z.object({
  bucket: z.number().int().describe('From 1, the easiest.'),
  from: z
    .number()
    .optional()
    .describe('Difficulty from here on; absent in the first, and while it is learnt.'),
  percent: percent.describe('What takes the new path now; 0 when rolled back.'),
  n: z.number().int().describe('Outcomes on the new path.'),
  bad: z.number().int().describe('Of these bad.'),
  stageN: z.number().int().describe('Of these in the present stage.'),
  unjudged: z
    .number()
    .int()
    .optional()
    .describe('Answers of the new path that wait for a verdict; absent where none is asked for.'),
  old: z.number().int().describe('Outcomes on the old path meanwhile.'),
  upper: z.number().describe('Rate of bad answers of the new path at worst, 95 %.'),
  baseline: z.number().optional().describe('Rate that it is held to; absent while it is learnt.'),
  statistic: z.number().describe('Evidence against the new path, log of the e-value.'),
  threshold: z.number().describe('Where the bucket is rolled back.'),
  rolledBack: z.object({ at: epoch, why: z.string() }).optional(),
});

export const rampView = z.object({
  route: z.string(),
  to: z.string().describe('Tier of the new path.'),
  from: z.string().describe('Tier of the old path.'),
  phase: z
    .enum(RAMP_PHASES)
    .describe(
      '`learning`: nothing has moved yet. `stopped`: rolled back as a whole. `done`: the last stage has passed.',
    ),
  says: z.string().describe('Where it stands and what it waits for.'),
  auto: z.boolean().describe('Goes on by itself.'),
  verdicts: z.boolean().describe('Answers count by what somebody says of them.'),
  stage: z.number().int().describe('From 1.'),
  since: epoch.describe('When the stage began.'),
  stages: z.array(z.array(percent)).describe('The plan: percentages by stage and bucket.'),
  gate: z.object({
    verdict: z.enum(['pass', 'wait', 'stop']),
    bucket: z.number().int().optional().describe('The one that it waits for or that stops it.'),
    why: z.string().optional(),
  }),
  minimum: z.number().int().describe('Answers each open bucket needs in a stage.'),
  learnt: z.object({ seen: z.number().int(), of: z.number().int() }),
  buckets: z.array(bucket),
  exposure: z.object({
    all: z.number().optional().describe('Share of all asks that took the new path.'),
    hard: z.number().optional().describe("Share of the hardest bucket's asks that took it."),
  }),
  harm: z.object({
    seen: z.number().int().describe('Bad answers of the new path.'),
    upper: z.number().describe('Expected at worst, 95 %.'),
    budget: z.number().describe('What it may cost; then it stops.'),
  }),
  allow: z.array(z.string()).describe('Features that take the new path whatever their bucket.'),
});
true satisfies Same<RampView, z.output<typeof rampView>>;

export const rampJudged = z.object({
  counted: z.number().int(),
  unknown: z
    .array(z.string())
    .describe(
      'Exchanges that wait for no verdict here: of another gateway, judged before, failed by themselves, too long ago.',
    ),
  ramp: rampView,
});
true satisfies Same<RampJudged, z.output<typeof rampJudged>>;

export const rampDecision = z.object({
  path: z.enum(['new', 'old']),
  tier: z.string(),
  score: z.number().describe('How hard it is: 0 harmless, about 1 where everything about it is large.'),
  bucket: z.number().int().optional().describe('From 1; absent while the ramp still learns what is hard.'),
});
true satisfies Same<RampDecision, z.output<typeof rampDecision>>;
