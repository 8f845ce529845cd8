import type { TierFinding } from '#contracts';
import { seeded } from '#kernel';
import type { SceneContext } from './define.ts';
import {
  BASE,
  configOf,
  drawHour,
  HOUR,
  type HourDraw,
  type Mixed,
  mixed,
  question,
  rampOf,
  STEP,
} from './F49-world.ts';

/** Days at the declared mix before a ramp begins: there must be something to compare with. */
export const BEFORE = 3;
const AFTER = 20;

export interface Climbed {
  /** Since the ramp began; absent when it was not found within its twenty days. */
  readonly day?: number;
  /** True share not served by the first tier at that moment. */
  readonly share?: number;
  readonly found?: TierFinding;
  /** A finding before the ramp began. */
  readonly early: boolean;
  readonly mixed: Mixed;
}

/**
 * The climb of one rule above those that stand, until the watch tells of a drift. Every exchange that the climbing rule takes,
 * and with `failures` every one that fails over, goes through the gateway; what the first tier serves is counted.
 */
export async function climb(
  context: SceneContext,
  rule: number,
  { failures, days = AFTER, ramp = true }: { failures: boolean; days?: number; ramp?: boolean },
): Promise<Climbed> {
  const random = seeded(`F49 ${context.seed} ${rule}`);
  const house = mixed(context, configOf(BASE + rule * STEP, [{ id: `r${rule}` }]));
  const { tiers } = house;
  let early = false;
  for (let hour = 0; hour < (BEFORE + days) * 24; hour++) {
    const day = hour / 24 - BEFORE;
    const climbing = ramp ? rampOf(day) : 0;
    await live(house, drawHour(random, { climbing, standing: rule }), rule, failures);
    await tiers.look();
    const found = tiers.findings().find(({ kind }) => kind === 'drift');
    if (found && day < 0) early = true;
    else if (found) return { day, share: BASE + rule * STEP + climbing, found, early, mixed: house };
  }
  return { early, mixed: house };
}

/** One hour of the route: what is made is spread over it, what is counted is counted. */
async function live(house: Mixed, draw: HourDraw, rule: number, failures: boolean): Promise<void> {
  const { rehearsal, count } = house;
  draw.standing.forEach((exchanges, i) => {
    if (exchanges > 0) count({ tier: 'secondary', by: `demotion:r${i}`, reason: 'router_score', exchanges });
  });
  if (draw.primary > 0) count({ tier: 'primary', exchanges: draw.primary });
  if (!failures && draw.overflowing > 0)
    count({ tier: 'secondary', by: 'context_overflow', reason: 'error', exchanges: draw.overflowing });
  const asks = [
    ...Array.from({ length: failures ? draw.overflowing : 0 }, () => question(undefined, true)),
    ...Array.from({ length: draw.climbing }, () => question(`r${rule}`)),
  ];
  const end = (Math.floor(rehearsal.clock.now() / HOUR) + 1) * HOUR;
  for (const [i, ask] of asks.entries()) {
    const pause = (end - rehearsal.clock.now()) / (asks.length - i + 1);
    await rehearsal.run(rehearsal.clock.sleep(pause));
    await rehearsal.ask(ask);
  }
  await rehearsal.run(rehearsal.clock.sleep(end - rehearsal.clock.now()));
}

/** Alarms of the watch in histories of `days` at the declared mix, looked at once a day: what it finds is told for three. */
export async function quiet(context: SceneContext, histories: number, days: number): Promise<number> {
  let alarms = 0;
  for (let i = 0; i < histories; i++) {
    const random = seeded(`F49 twin ${context.seed} ${i}`);
    const { rehearsal, tiers, count } = mixed(context, configOf(BASE, []));
    for (let hour = 1; hour <= days * 24; hour++) {
      const { overflowing, primary } = drawHour(random, { climbing: 0, standing: 0 });
      count({ tier: 'primary', exchanges: primary });
      if (overflowing > 0)
        count({ tier: 'secondary', by: 'context_overflow', reason: 'error', exchanges: overflowing });
      await rehearsal.run(rehearsal.clock.sleep(HOUR));
      if (hour % 24 > 0) continue;
      await tiers.look();
      if (tiers.findings().length === 0) continue;
      alarms++;
      break;
    }
  }
  return alarms;
}
