import { z } from 'zod';
import { duration } from './units.ts';

/** Who goes first when there is not enough for all, most urgent first. A lower lane stops earlier, and never starves. */
export const LANES = ['interactive', 'normal', 'batch'] as const;
export type Lane = (typeof LANES)[number];

/** What a caller may write into `x-midwatch-priority`. */
export const PRIORITY_WORDS: Readonly<Record<string, Lane>> = Object.freeze({
  interactive: 'interactive',
  high: 'interactive',
  normal: 'normal',
  batch: 'batch',
  low: 'batch',
});

/** Undefined for a word that means nothing; without a word a caller is in the normal lane. */
export const laneOf = (priority: string | undefined): Lane | undefined => {
  if (priority === undefined || priority === '') return 'normal';
  const word = priority.toLowerCase();
  return Object.hasOwn(PRIORITY_WORDS, word) ? PRIORITY_WORDS[word] : undefined;
};

const count = z.number().int().positive();

const laneSchema = (floor: number, above: number) =>
  z
    .strictObject({
      stopAt: z
        .number()
        .gt(0)
        .max(1)
        .default(above)
        .describe(
          'Pressure at which this lane waits and leaves the rest to those above it; 1 leaves nothing. Of a daily limit it leaves what they are expected to need until its end, once a whole day was seen.',
        ),
      floor: z
        .number()
        .min(0)
        .max(0.5)
        .default(floor)
        .describe('Share it gets while it waits, however much the lanes above it want.'),
    })
    .prefault({});

/** `lanes:` who waits first, how long the queue may be, and whose share weighs what. */
export const lanesSchema = z
  .strictObject({
    interactive: laneSchema(0, 1),
    normal: laneSchema(0.1, 0.9),
    batch: laneSchema(0.06, 0.7),
    queue: count.default(1_000).describe('Most callers that wait per quota.'),
    keep: count
      .default(10_000)
      .describe('Most places kept per quota for callers that were told when to return.'),
    grace: duration.default(2_000).describe('How long a kept place waits for its caller.'),
    weights: z
      .record(z.string(), z.number().positive())
      .default({})
      .describe('Share of a tenant when quota is short, in proportion; others weigh 1.'),
  })
  .prefault({});
export type LanesConfig = z.output<typeof lanesSchema>;
