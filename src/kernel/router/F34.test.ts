import { expect, test } from 'bun:test';
import { clopperPearson, drawNormal, seededRandom } from '../stats/index.ts';
import { assign } from './assign.ts';
import { type RouterCostState, routerCost } from './cost.ts';
import { escalation } from './escalation.ts';
import { goesOn, wordingOf } from './tasks.ts';

const SEEDS = 50;
const DEAR = 10_000;
const CHEAP = 1_000;
const PLAN = { holdback: 0.1, shadow: 0.02, threshold: 0.5 };

interface World {
  /** Share the router sends to the dear model, and how many of its cheap answers are bad. */
  readonly escalated: number;
  readonly bad: number;
  /** Repeats on the dear model after a bad cheap answer. */
  readonly repeats: number;
}
/** Planned: 30 % escalated, −63 %. Actual: 60 %, half of the cheap answers bad, and two repeats each at the dear price: +12 %. */
const ACTUAL: World = { escalated: 0.6, bad: 0.605, repeats: 2 };
const CALIBRATED: World = { escalated: 0.3, bad: 0.05, repeats: 1 };

/** Asks of one person each: a question, then rephrasings until it is answered; everything passes through linking. */
function run(seed: number, world: World, tasks: number) {
  const random = seededRandom('F34', seed);
  const rule = routerCost({ planned: 5_000 });
  const watch = escalation({ declared: 0.3 });
  let cost: RouterCostState = rule.start;
  let escalations = watch.start;
  let foundAt: number | undefined;
  let decidedAt: number | undefined;
  let mislinked = 0;
  const own = { attempts: 0, dollars: 0 };
  // Costs of one ask vary by 0.6, as measured for a frontier model.
  const price = (mean: number) => Math.round(mean * Math.exp(0.555 * drawNormal(random) - 0.154));
  for (let i = 0; i < tasks; i++) {
    const p = random() < world.escalated ? 0.2 : 0.8;
    const { arm, model } = assign(PLAN, random(), p);
    const text = `question ${i} about how the thing number ${i} is to be mended at home`;
    const bad = model === 'cheap' && random() < world.bad;
    const task = { microUsd: price(model === 'cheap' ? CHEAP : DEAR), resolved: !bad };
    let asked = { to: 0, wording: wordingOf(text) };
    for (let r = 0; bad && r < world.repeats; r++) {
      const next = { at: asked.to + 60_000, wording: wordingOf(`${text} please`) };
      if (!goesOn(asked, next)) mislinked++;
      asked = { to: next.at, wording: next.wording };
      task.microUsd += price(DEAR);
      task.resolved = r === world.repeats - 1;
    }
    cost = rule.step(cost, { arm, ...task });
    if (cost.verdict !== 'undecided') decidedAt ??= i + 1;
    if (arm === 'router') {
      escalations = watch.step(escalations, model === 'dear');
      if (watch.read(escalations).finding) foundAt ??= i + 1;
      // What the router's own telemetry sees: calls that were answered, and the price of the model it picked.
      own.attempts++;
      own.dollars += model === 'cheap' ? CHEAP : DEAR;
    }
  }
  expect(mislinked).toBe(0);
  return { cost, verdict: cost.verdict, decidedAt, foundAt, own };
}

const relative = ({ router, frontier }: RouterCostState) =>
  router.cost / router.solved / (frontier.cost / frontier.solved);

test('on: a router that costs 12 % more is called losing within 5,000 tasks at 10 % holdback', () => {
  let loses = 0;
  let mean = 0;
  for (let seed = 1; seed <= 30; seed++) {
    const { cost, verdict } = run(seed, ACTUAL, 5_000);
    expect(verdict).not.toBe('saves');
    if (verdict === 'loses') loses++;
    mean += relative(cost) / 30;
  }
  expect(mean).toBeCloseTo(1.12, 1);
  // The figure of the catalogue is a planned power: at least nine in ten worlds, with its interval.
  expect(clopperPearson(loses, 30).upper).toBeGreaterThan(0.95);
  expect(loses / 30).toBeGreaterThanOrEqual(0.9);
}, 60_000);

test('on: escalating 60 % instead of 30 % is a finding within 200 tasks', () => {
  for (let seed = 1; seed <= SEEDS; seed++) expect(run(seed, ACTUAL, 200).foundAt).toBeLessThanOrEqual(200);
}, 60_000);

test('twin: a calibrated router is never called losing, nor its escalation odd, in 50 seeds', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { verdict, decidedAt, foundAt } = run(seed, CALIBRATED, 2_500);
    expect(verdict).toBe('saves');
    expect(decidedAt).toBeLessThanOrEqual(1_500);
    expect(foundAt).toBeUndefined();
  }
}, 60_000);

test('twin: a router that changes nothing is undecided, in at most one of twenty worlds anything else', () => {
  let decided = 0;
  for (let seed = 1; seed <= 20; seed++)
    if (run(seed, { escalated: 1, bad: 0, repeats: 0 }, 5_000).verdict !== 'undecided') decided++;
  expect(clopperPearson(decided, 20).lower).toBeLessThanOrEqual(0.05);
}, 60_000);

test('off: the router’s own telemetry stays green: a third saved on paper, in the same worlds', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { own } = run(seed, ACTUAL, 2_000);
    expect(own.dollars / own.attempts / DEAR).toBeLessThan(0.7);
  }
}, 60_000);
