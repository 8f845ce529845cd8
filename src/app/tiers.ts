import { join } from 'node:path';
import type { Config, Log, TierCounts } from '#contracts';
import { createTiers, type Tiers, type TiersSnapshot } from '#tiers';
import { recall, remember } from './remembered.ts';
import type { SteeringOptions } from './steering.ts';

/** What a crash may cost of the counts of rules; what a person has approved or ended is saved at once. */
const SAVE = 10_000;
/** Counts come by the hour, and a look at ten busy routes takes some 70 ms of this thread: not every minute. */
const LOOK = 300_000;
const FIRST_LOOK = 30_000;

export interface TierRecordPorts {
  readonly record: TierCounts;
  /** How far the record is behind, milliseconds. */
  readonly late: () => number;
}

/** Demotion rules and the watch over the tier mix, with a memory that outlives a restart. */
export function openTiers({
  config,
  folder,
  clock,
  log,
  lifecycle,
  tiers: ports,
  say,
}: SteeringOptions): Tiers {
  sayExpired(config, clock.now(), log);
  const tiers = createTiers({ clock, config, log, say, ...ports });
  const file = join(folder, 'tiers.json');
  tiers.restore(recall<TiersSnapshot>(file, log) ?? {});
  const memory = remember(file, () => tiers.snapshot(), SAVE, clock, log);
  lifecycle.onStop('demotion rules', memory.stop);
  const looks = [
    clock.after(FIRST_LOOK, () => void tiers.look()),
    clock.every(LOOK, () => void tiers.look()),
  ];
  lifecycle.onStop('tier watch', () => {
    for (const stop of looks) stop();
  });
  const kept = <T>(changed: T): T => {
    memory.save();
    return changed;
  };
  return {
    ...tiers,
    reload(next) {
      tiers.reload(next);
      sayExpired(next, clock.now(), log);
    },
    approve: (...given) => kept(tiers.approve(...given)),
    end: (...given) => kept(tiers.end(...given)),
    heed: (act) => kept(tiers.heed(act)),
  };
}

/** A start is not refused because of a date, but it is told. */
function sayExpired({ routes }: Config, now: number, log: Log): void {
  for (const [route, { demotions }] of Object.entries(routes))
    for (const { id, owner, expiresAt, onExpire } of demotions)
      if (now >= expiresAt)
        log('warn', 'demotion rule has expired', {
          route,
          rule: id,
          owner,
          expired: new Date(expiresAt).toISOString(),
          onExpire,
        });
}
