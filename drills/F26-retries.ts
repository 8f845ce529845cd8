import { seeded } from '#kernel';
import type { Expectation, Scene, SceneContext } from './define.ts';
import { type Measure, never } from './measure.ts';
import type { Question, Rehearsal, Seen } from './rehearsal.ts';

/** The provider begins to answer after a minute and a half; the caller has half a minute. */
const SLOW = 90_000;
const PATIENCE = 30_000;
const TRIES = 4;
/** Between two tries of a caller, at most: within `idempotency.linger`. */
const PAUSE = 2_000;
/** Within `idempotency.keep`, which is a day unless somebody says otherwise. */
const MUCH_LATER = 23 * 3_600_000;
const MODEL = 'slow';

const WORLD = JSON.stringify({
  models: {
    [MODEL]: {
      firstToken: { median: SLOW, sigma: 0 },
      gap: { median: 20, sigma: 0 },
      tokens: { median: 60, sigma: 0.5 },
    },
  },
});
const CONFIG = JSON.stringify({
  providers: { sim: { kind: 'simulator', free: true } },
  routes: {
    chat: {
      timeouts: { headers: '3m', firstToken: '3m', whole: '3m', idle: '1m', total: '5m' },
      tiers: [{ name: 'primary', targets: [{ provider: 'sim', model: MODEL }] }],
    },
  },
});

/** Questions a seed: with twenty seeds a thousand. */
const KEYS = { quick: 6, full: 50 } as const;

const questionOf = (i: number, seed: number, stream: boolean): Question => ({
  path: '/v1/chat/completions',
  body: { model: 'chat', stream, messages: [{ role: 'user', content: `Question ${i} of ${seed}` }] },
  headers: { 'idempotency-key': `key ${i}` },
});

interface Retried {
  /** What the tries saw that ended in the middle of an answer. */
  readonly torn: readonly Seen[];
  readonly whole: Seen;
  /** The same key once more, when all is long over. */
  readonly again: Seen;
}

/** Leaves after half a minute until there is an answer, once more at a random byte of it, and then hears it out. */
async function persist(rehearsal: Rehearsal, question: Question, random: () => number): Promise<Retried> {
  const { clock } = rehearsal;
  const torn: Seen[] = [];
  const pause = () => clock.sleep(random() * PAUSE);
  for (let tries = 1; tries < TRIES; tries++) {
    // The last of them is there when the answer comes, and loses its connection somewhere in it.
    const leaves =
      tries < TRIES - 1 ? { afterMs: PATIENCE } : { afterBytes: 1 + Math.floor(random() * 6_000) };
    const seen = await rehearsal.send({ ...question, leaves });
    if (seen.body !== '') torn.push(seen);
    await pause();
  }
  const whole = await rehearsal.send(question);
  await clock.sleep(MUCH_LATER);
  return { torn, whole, again: await rehearsal.send(question) };
}

async function retry({ seed, quick, rehearse }: SceneContext) {
  const rehearsal = rehearse({ world: WORLD, config: CONFIG });
  const random = seeded(`F26 retries ${seed}`);
  const keys = KEYS[quick ? 'quick' : 'full'];
  const asking = async (i: number) => {
    await rehearsal.clock.sleep(i * 1_000);
    return persist(rehearsal, questionOf(i, seed, i % 2 === 0), random);
  };
  const all = await rehearsal.run(Promise.all(Array.from({ length: keys }, (_, i) => asking(i))));
  const other = await rehearsal.run(rehearsal.send({ ...questionOf(0, seed + 1, true) }));
  return { rehearsal, all, other };
}

export const retries: { readonly on: Scene; readonly off: Scene } = {
  on: {
    expectations: [
      {
        name: 'executions',
        says: 'calls to the provider beyond one for each key, of callers who leave after 30 s of 90, come back three times, and once more 23 hours later',
        goal: { kind: 'never' },
        unit: 'count',
        virtual: true,
        declared: '1 a key',
      },
      {
        name: 'unanswered',
        says: 'of them without a whole answer in the end',
        goal: { kind: 'never' },
        unit: 'count',
        virtual: true,
      },
      {
        name: 'torn-differ',
        says: 'answers that broke off at a random byte and are not the beginning of the whole one',
        goal: { kind: 'never' },
        unit: 'count',
        virtual: true,
        declared: 'byte-identical',
      },
      {
        name: 'replays-differ',
        says: 'answers to the same key 23 hours later with other bytes',
        goal: { kind: 'never' },
        unit: 'count',
        virtual: true,
        declared: 'stored bytes, 24 h',
      },
      {
        name: 'other-body',
        says: 'another question under a used key that is not refused with 422',
        goal: { kind: 'never' },
        unit: 'count',
        virtual: true,
        declared: '422',
      },
    ] satisfies readonly Expectation[],
    async run(context) {
      const { rehearsal, all, other } = await retry(context);
      const over = (broken: (one: Retried) => boolean): Measure =>
        never(all.filter(broken).length, all.length);
      const torn = all.flatMap(({ torn, whole }) => torn.map((seen) => [seen, whole] as const));
      return {
        executions: never(rehearsal.crossings.length - all.length, rehearsal.crossings.length),
        unanswered: over(({ whole }) => whole.status !== 200 || whole.broken),
        'torn-differ': never(
          torn.filter(([seen, whole]) => !whole.body.startsWith(seen.body)).length,
          torn.length,
        ),
        'replays-differ': over(({ whole, again }) => again.body !== whole.body),
        'other-body': never(other.status === 422 ? 0 : 1, 1),
      };
    },
  },
  off: {
    expectations: [
      {
        name: 'paid-again',
        says: 'calls to the provider for each question of callers who leave after 30 s of 90 and come back three times',
        goal: { kind: 'every', atLeast: TRIES },
        unit: 'attempts',
        virtual: true,
        declared: 'repeated charges',
      },
    ],
    async run({ seed, quick, rehearse }) {
      const rehearsal = rehearse({ world: WORLD, config: CONFIG });
      const { clock } = rehearsal;
      const keys = KEYS[quick ? 'quick' : 'full'];
      const patient = async (question: Question) => {
        const asked: Promise<Seen>[] = [];
        for (let tries = 0; tries < TRIES; tries++) {
          asked.push(rehearsal.sendDirectly(question));
          await clock.sleep(PATIENCE + PAUSE);
        }
        return Promise.all(asked);
      };
      const questions = Array.from({ length: keys }, (_, i) => {
        const question = questionOf(i, seed, i % 2 === 0);
        return { ...question, body: { ...(question.body as object), model: MODEL } };
      });
      await rehearsal.run(Promise.all(questions.map(patient)));
      const { requests } = rehearsal.simulator.ledger().total;
      return { 'paid-again': { kind: 'values', values: [requests / keys] } };
    },
  },
};
