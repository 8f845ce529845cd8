import { virtualClock } from '#kernel';
import type { SceneContext } from './define.ts';
import { configOf, HOUR, mixed, question, RULES } from './F49-world.ts';

const MAX_SHARE = 0.05;
/** What a rule may save up. */
const BURST = 10;

/** An incident in which every second ask is one that the rule wants: how many it takes beyond what was approved. */
export async function overShare(context: SceneContext, asks: number): Promise<number> {
  const { rehearsal } = mixed(context, configOf(0.005, [{ id: 'r0', maxShare: MAX_SHARE }]));
  let [demoted, beyond] = [0, 0];
  for (let i = 1; i <= asks; i++) {
    await rehearsal.ask(question(i % 2 ? 'r0' : undefined));
    if (rehearsal.finished.at(-1)?.facts.tier.demotedBy === 'demotion:r0') demoted++;
    if (demoted > MAX_SHARE * i + BURST) beyond++;
  }
  return beyond;
}

/** Nine rules that end at moments of their own: milliseconds after its end at which each last acted; 0 when never. */
export async function afterEnd(context: SceneContext): Promise<readonly number[]> {
  // The hour at which the rehearsal's own clock begins.
  const start = virtualClock({ seed: context.seed }).now();
  const ends = Array.from({ length: RULES }, (_, i) => start + HOUR + i * 97_000);
  const rules = ends.map((end, i) => ({ id: `r${i}`, expiresAt: new Date(end).toISOString() }));
  const { rehearsal } = mixed(context, configOf(0.005, rules));
  await rehearsal.run(rehearsal.clock.sleep(start + HOUR - 60_000 - rehearsal.clock.now()));
  const last = ends[ends.length - 1] as number;
  const before = new Set<string>();
  const after = new Map<string, number>();
  while (rehearsal.clock.now() < last + 3 * 60_000) {
    for (const [i, { id }] of rules.entries()) {
      await rehearsal.ask(question(id));
      const { at, tier } = (rehearsal.finished.at(-1) as (typeof rehearsal.finished)[number]).facts;
      if (tier.demotedBy !== `demotion:${id}`) continue;
      const late = at - (ends[i] as number);
      if (late < 0) before.add(id);
      else after.set(id, late);
    }
    await rehearsal.run(rehearsal.clock.sleep(10_000));
  }
  // One that never acted has not stopped acting.
  return rules.map(({ id }) => (before.has(id) ? (after.get(id) ?? 0) : Number.POSITIVE_INFINITY));
}
