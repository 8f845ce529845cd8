import { seeded } from '#kernel';
import { bucketOf } from '#kernel/ramp';
import type { SceneContext } from './define.ts';
import type { Question, Rehearsal } from './rehearsal.ts';

export const ROUTE = 'chat';
export const OLD = 'old';
export const NEW = 'next';

/** Shares of the buckets as the upper edges of a uniform draw: the hardest is 5 % of the traffic. */
const MIX = [0.3, 0.6, 0.8, 0.95];
export const BUCKETS = MIX.length + 1;
export const HARD = BUCKETS - 1;
/** Words of a question of each bucket, and the scores between them. */
const WORDS = [20, 50, 110, 220, 440];
const EDGES = [0.172, 0.193, 0.2175, 0.243];

/** Bad answers of a sound path, and of the new one for hard inputs where it is broken. */
export const SOUND = 0.02;
export const BROKEN = 0.3;
/** What has to come on top of the first for the second. */
const MORE = 1 - (1 - BROKEN) / (1 - SOUND);

/** Answers that are bad are refusals: status 200, quick, whole, and no use to anybody. */
const bad = (model: string, probability: number, prompt?: string) => ({
  fault: 'refusal',
  on: { model, ...(prompt !== undefined && { prompt }) },
  probability,
});

const LAW = {
  firstToken: { median: 20, sigma: 0 },
  gap: { median: 0, sigma: 0 },
  tokens: { median: 5, sigma: 0 },
};

export const worldOf = (broken: boolean): string =>
  JSON.stringify({
    models: { [OLD]: LAW, [NEW]: LAW },
    timeline: [bad(OLD, SOUND), bad(NEW, SOUND), ...(broken ? [bad(NEW, MORE, '^hard')] : [])],
  });

export const configOf = (ramp: object): string =>
  JSON.stringify({
    providers: { sim: { kind: 'simulator', free: true } },
    routes: {
      [ROUTE]: {
        tiers: [
          { name: 'primary', targets: [{ provider: 'sim', model: OLD }] },
          { name: 'candidate', targets: [{ provider: 'sim', model: NEW }] },
        ],
        // Harm is another promise; here it would only hide how good the test is.
        ramp: { to: 'candidate', edges: EDGES, baseline: SOUND, harm: 1_000_000, ...ramp },
      },
    },
  });

/** Everything open at once. */
export const OPEN = [new Array<number>(BUCKETS).fill(100)];
/** Each stage opens one more bucket by half and the one before it whole. */
export const EASY_FIRST = Array.from({ length: BUCKETS + 1 }, (_, stage) =>
  Array.from({ length: BUCKETS }, (_, b) => (stage < b ? 0 : stage === b ? 50 : 100)),
);

const text = (bucket: number): string =>
  `${bucket === HARD ? 'hard' : 'easy'} ${'word '.repeat(WORDS[bucket] as number)}`;
const TEXTS = WORDS.map((_, bucket) => text(bucket));

/** Everybody asks once, so that each is admitted or not by a draw of his own. */
export const questionOf = (bucket: number, thread: string, model = 'any'): Question => ({
  path: '/v1/chat/completions',
  headers: { 'x-midwatch-thread': thread },
  body: { model, messages: [{ role: 'user', content: TEXTS[bucket] }] },
});

const EVEN = MIX.map((_, i) => (i + 1) / BUCKETS);

/** Buckets as they come in life; a quick run sees as much of each, and waits less for the hard one. */
export function natural(context: SceneContext, what: string): () => number {
  const random = seeded(`F46 ${what} ${context.seed}`);
  return () => bucketOf(random(), context.quick ? EVEN : MIX);
}

/** What a reading is made of; a reading itself has intervals in it, which cost more than the exchange before it. */
export function stateOf(rehearsal: Rehearsal) {
  const state = rehearsal.ramps.snapshot()[ROUTE]?.state;
  if (!state) throw new Error('the drill has a ramp');
  return state;
}

export function rampOf(rehearsal: Rehearsal) {
  const [ramp] = rehearsal.ramps.read();
  if (!ramp) throw new Error('the drill has a ramp');
  return ramp;
}

/** Counted by the provider's own refusals: what the new path answered badly to hard questions, by nobody's judgement but its own. */
export const corrupted = (rehearsal: Rehearsal, from: number): number =>
  rehearsal.finished
    .slice(from)
    .filter(({ facts }) => facts.tier.cell === `ramp:new:b${BUCKETS}` && facts.outcome === 'refusal').length;
