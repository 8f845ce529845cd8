import { seeded } from '#kernel';
import { defineDrill, type SceneContext } from './define.ts';
import {
  type Checked,
  DRIFTS,
  desk,
  distinctIn,
  edit,
  leaked,
  month,
  original,
  planted,
  REWORDED,
  type Run,
  runOf,
  STEPS,
  SUITE,
  shelf,
  shuffled,
  verified,
} from './F31-world.ts';
import { type Measure, never } from './measure.ts';

const RUNS = { quick: 3, full: 50 } as const;
const EDITS = { quick: 80, full: 400 } as const;
const SECRETS = { quick: 40, full: 200 } as const;
const VERIFIED = { quick: 20, full: 100 } as const;
const MONTH = { quick: 120, full: 500 } as const;
/** Of the dollars, as in the catalogue: $1,240 of $2,847. */
const WASTE = 0.43;
const CALLS = SUITE + STEPS;

const size = <T extends { readonly quick: number; readonly full: number }>(of: T, { quick }: SceneContext) =>
  quick ? of.quick : of.full;

/** A first run that is recorded, and as many more from the cassettes. */
async function again(context: SceneContext): Promise<{ readonly first: Run; readonly runs: readonly Run[] }> {
  const files = shelf();
  const first = await runOf(desk(context, 'record', files), 0);
  const player = desk(context, 'replay', files);
  const runs: Run[] = [];
  for (let n = 1; n <= size(RUNS, context); n++) runs.push(await runOf(player, n));
  return { first, runs };
}

async function edits(context: SceneContext) {
  const files = shelf();
  const recorder = desk(context, 'record', files);
  await recorder.ask(original());
  recorder.tape?.flush();
  const player = desk(context, 'replay', files, 'last');
  const random = seeded(`F31 edits ${context.seed}`);
  const n = size(EDITS, context);
  const outcomes = { edited: 0, volatile: 0, n };
  for (let i = 0; i < n; i++) {
    if ((await player.ask(edit(i, random))).status !== 409) outcomes.edited++;
    if ((await player.ask(shuffled(i, random))).status !== 200) outcomes.volatile++;
  }
  return outcomes;
}

async function secrets(context: SceneContext) {
  const files = shelf();
  const recorder = desk(context, 'record', files);
  const all = planted(size(SECRETS, context), context.seed);
  await recorder.run(Promise.all(all.map(({ question }) => recorder.send(question))));
  recorder.tape?.flush();
  const found = all.filter(({ secret }) => leaked(secret, files));
  return { found, n: all.length, recorded: files.texts.size };
}

const fresh = ({ n, drifted, unknown }: Checked): number => n - drifted - unknown;

/** Every cassette is wrong by each kind of drift in turn. */
async function unseen(context: SceneContext): Promise<Measure> {
  let missed = 0;
  let n = 0;
  const examples: string[] = [];
  for (const [kind, now] of Object.entries(DRIFTS)) {
    const seen = await verified(context, size(VERIFIED, context), now);
    missed += seen.n - seen.drifted;
    n += seen.n;
    if (seen.drifted < seen.n)
      examples.push(`${kind}: ${seen.drifted} of ${seen.n} found, ${seen.unknown} unknown`);
  }
  return never(missed, n, examples);
}

/** The month as it was paid, and as it would have been with cassettes. */
async function wasted(context: SceneContext) {
  const questions = month(size(MONTH, context), WASTE, context.seed);
  const spend = async (mode: 'live' | 'auto') => {
    const one = desk(context, mode, shelf(), 'last');
    for (const question of questions) await one.ask(question);
    const { money } = one.tape?.report() ?? {};
    const paid = one.finished.reduce((sum, { facts }) => sum + facts.cost.microUsd, 0);
    return { paid, spent: money?.spent.microUsd ?? 0, wasted: money?.wasted.microUsd ?? 0 };
  };
  const off = await spend('live');
  const on = await spend('auto');
  const truth = (questions.length - distinctIn(questions)) / questions.length;
  return {
    truth,
    told: off.wasted / off.spent,
    cut: (off.spent - on.spent) / off.wasted,
    saved: (off.paid - on.paid) / off.paid,
  };
}

export const F31 = defineDrill({
  id: 'F31',
  title: 'Free and repeatable by default',
  world: `A suite of ${SUITE} tests and an agent of ${STEPS} steps ask a paid provider that takes ten to thirty seconds a call, again and again.`,
  seeds: { full: 20, quick: 1 },
  on: {
    expectations: [
      {
        name: 'first-run-failed',
        says: 'calls of the recorded run that were not answered well',
        goal: { kind: 'never' },
        unit: 'count',
      },
      {
        name: 'second-run-asked',
        says: 'calls of later runs that reached the provider',
        goal: { kind: 'never' },
        unit: 'count',
        declared: '0 calls',
      },
      {
        name: 'second-run-paid',
        says: 'later runs that cost anything',
        goal: { kind: 'never' },
        unit: 'count',
        declared: '$0',
      },
      {
        name: 'second-run-waited',
        says: 'time the provider takes in a later run',
        goal: { kind: 'every', atMost: 5_000 },
        unit: 'ms',
        declared: '< 5 s',
      },
      {
        name: 'second-run-took',
        says: 'a later run by the clock on the wall, gateway and cassettes included',
        goal: { kind: 'every', atMost: 5_000 },
        unit: 'ms',
        declared: '< 5 s',
      },
      {
        name: 'runs-differ',
        says: 'later runs of which one byte differs from the first',
        goal: { kind: 'never' },
        unit: 'count',
        declared: '0 of 50',
      },
      {
        name: 'edits-answered',
        says: 'edits of prompt, tool schema or parameter that were answered from a cassette all the same',
        goal: { kind: 'never' },
        unit: 'count',
        declared: '100 % miss',
      },
      {
        name: 'volatile-missed',
        says: 'asks that differ in volatile fields and order alone, and were not answered',
        goal: { kind: 'never' },
        unit: 'count',
        declared: '0 misses',
      },
      {
        name: 'secrets-kept',
        says: 'planted credentials of which something stands in a cassette',
        goal: { kind: 'never' },
        unit: 'count',
        declared: '0 of 200',
      },
      {
        name: 'stale-unseen',
        says: `cassettes that no longer fit and are not found out when all are asked again (${Object.keys(DRIFTS).join(', ')})`,
        goal: { kind: 'never' },
        unit: 'count',
      },
      {
        name: 'waste-told',
        says: 'error of the waste meter on the share of dollars for what had been asked before',
        goal: { kind: 'every', atMost: 0.001 },
        unit: 'share',
      },
      {
        name: 'waste-cut',
        says: 'share of that waste that is not paid with cassettes',
        goal: { kind: 'every', atLeast: 0.9 },
        unit: 'share',
        declared: '>= 90 %',
      },
      {
        name: 'bill-cut',
        says: 'share of the whole bill that is not paid, by the records',
        goal: { kind: 'every', atLeast: 0.3 },
        unit: 'share',
      },
    ],
    async run(context) {
      const { first, runs } = await again(context);
      const edited = await edits(context);
      const planted = await secrets(context);
      const waste = await wasted(context);
      const later = runs.reduce((sum, { calls }) => sum + calls, 0);
      return {
        'first-run-failed': never(first.calls - first.good, first.calls),
        'second-run-asked': never(
          runs.reduce((sum, { upstream }) => sum + upstream, 0),
          later,
        ),
        'second-run-paid': never(runs.filter(({ microUsd }) => microUsd > 0).length, runs.length),
        'second-run-waited': { kind: 'values', values: runs.map(({ ms }) => ms) },
        'second-run-took': { kind: 'values', values: runs.map(({ wall }) => wall) },
        'stale-unseen': await unseen(context),
        'runs-differ': never(runs.filter(({ digest }) => digest !== first.digest).length, runs.length),
        'edits-answered': never(edited.edited, edited.n),
        'volatile-missed': never(edited.volatile, edited.n),
        'secrets-kept': never(
          planted.found.length,
          planted.n,
          planted.found.map(({ question }) => JSON.stringify(question.body).slice(0, 80)),
        ),
        'waste-told': { kind: 'values', values: [Math.abs(waste.told - waste.truth)] },
        'waste-cut': { kind: 'values', values: [waste.cut] },
        'bill-cut': { kind: 'values', values: [waste.saved] },
      };
    },
  },
  twin: {
    expectations: [
      {
        name: 'new-not-asked',
        says: 'questions that nobody had asked before and that did not reach the provider',
        goal: { kind: 'never' },
        unit: 'count',
      },
      {
        name: 'fresh-called-stale',
        says: 'cassettes called stale whose provider is as it was, or only chooses other words',
        goal: { kind: 'never' },
        unit: 'count',
      },
      {
        name: 'new-called-waste',
        says: 'dollars for new questions that the meter calls waste',
        goal: { kind: 'every', atMost: 0 },
        unit: 'usd',
      },
    ],
    async run(context) {
      const questions = month(size(MONTH, context), 0, context.seed);
      const one = desk(context, 'auto', shelf());
      for (const question of questions) await one.ask(question);
      const { money } = one.tape?.report() ?? {};
      const same = await verified(context, size(VERIFIED, context), []);
      const reworded = await verified(context, size(VERIFIED, context), REWORDED);
      return {
        'fresh-called-stale': never(
          same.n + reworded.n - fresh(same) - fresh(reworded),
          same.n + reworded.n,
          [same, reworded].map((one) => `${one.drifted} drifted, ${one.unknown} unknown of ${one.n}`),
        ),
        'new-not-asked': never(questions.length - one.crossings.length, questions.length),
        'new-called-waste': { kind: 'values', values: [money?.wasted.microUsd ?? Number.NaN] },
      };
    },
  },
  off: {
    expectations: [
      {
        name: 'every-run-asks',
        says: 'calls of a run that reach the provider',
        goal: { kind: 'every', atLeast: CALLS, atMost: CALLS },
        unit: 'count',
      },
      {
        name: 'every-run-pays',
        says: 'what a run costs',
        goal: { kind: 'every', atLeast: 10_000 },
        unit: 'usd',
      },
      {
        name: 'every-run-waits',
        says: 'time the provider takes in a run',
        goal: { kind: 'every', atLeast: 120_000 },
        unit: 'ms',
      },
      {
        name: 'runs-alike',
        says: 'runs that are the same, byte for byte, as the one before',
        goal: { kind: 'never' },
        unit: 'count',
      },
    ],
    async run(context) {
      const one = desk(context, undefined, shelf());
      const runs: Run[] = [];
      for (let n = 0; n < 3; n++) runs.push(await runOf(one, n));
      return {
        'every-run-asks': { kind: 'values', values: runs.map(({ upstream }) => upstream) },
        'every-run-pays': { kind: 'values', values: runs.map(({ microUsd }) => microUsd) },
        'every-run-waits': { kind: 'values', values: runs.map(({ ms }) => ms) },
        'runs-alike': never(
          runs.slice(1).filter(({ digest }, i) => digest === runs[i]?.digest).length,
          runs.length - 1,
        ),
      };
    },
  },
});
