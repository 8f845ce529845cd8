import { dollars, percent } from '#contracts/say';
import type { Bill, Miss, Mode, WasteReport } from './types.ts';

const NOTHING: Bill = { tokens: 0, microUsd: 0 };
const plus = (a: Bill, b: Bill): Bill => ({ tokens: a.tokens + b.tokens, microUsd: a.microUsd + b.microUsd });
/** Different missed questions that are remembered with their differences; more are counted only. */
const REMEMBERED = 50;

type Count = 'calls' | 'replayed' | 'recorded' | 'proposed' | 'dropped' | 'expired' | 'repeats' | 'unbilled';

/** Counts what was paid, what was paid again and what was not paid. */
export function wasteMeter(mode: Mode, priced: boolean) {
  const counts: Record<Count, number> = {
    calls: 0,
    replayed: 0,
    recorded: 0,
    proposed: 0,
    dropped: 0,
    expired: 0,
    repeats: 0,
    unbilled: 0,
  };
  let [spent, wasted, saved] = [NOTHING, NOTHING, NOTHING];
  let misses = 0;
  const missed = new Map<string, Miss>();
  return {
    count: (what: Count) => {
      counts[what]++;
    },
    paid(bill: Bill | undefined, repeat: boolean) {
      if (repeat) counts.repeats++;
      if (!priced) return;
      if (!bill) counts.unbilled++;
      else {
        spent = plus(spent, bill);
        if (repeat) wasted = plus(wasted, bill);
      }
    },
    replayed(bill: Bill | undefined) {
      counts.replayed++;
      if (bill) saved = plus(saved, bill);
      else if (priced) counts.unbilled++;
    },
    missed(key: string, describe: () => Miss): Miss {
      misses++;
      // Described once: finding the nearest question is the expensive part, and two hundred callers may miss the same one.
      const known = missed.get(key);
      if (known) known.count++;
      const miss = known ?? describe();
      if (!known && missed.size < REMEMBERED) missed.set(key, miss);
      return miss;
    },
    report: (): WasteReport => ({
      mode,
      ...counts,
      misses,
      missed: [...missed.values()].map((m) => ({ ...m })),
      ...(priced ? { money: { spent, wasted, saved } } : {}),
    }),
  };
}

/** The report in a few lines, for the end of a run. */
export function summary(report: WasteReport): string {
  const { mode, calls, replayed, recorded, proposed, dropped, repeats, misses, expired, money } = report;
  const parts = [
    `${replayed} replayed`,
    `${recorded} recorded`,
    ...(proposed ? [`${proposed} put aside for review`] : []),
    ...(dropped ? [`${dropped} not kept`] : []),
    ...(expired ? [`${expired} expired`] : []),
    `${repeats} repeats paid again`,
    `${misses} missed`,
  ];
  const lines = [`cassettes (${mode}): ${calls} calls, ${parts.join(', ')}`];
  if (money) {
    const share =
      money.spent.microUsd > 0 ? ` (${percent(money.wasted.microUsd / money.spent.microUsd)})` : '';
    const unpriced = report.unbilled > 0 ? `, ${report.unbilled} without a price` : '';
    lines.push(
      `spent ${dollars(money.spent.microUsd)}, of that on repeats ${dollars(money.wasted.microUsd)}${share}, saved ${dollars(money.saved.microUsd)}${unpriced}`,
    );
  }
  for (const miss of report.missed) {
    const near = miss.nearest
      ? `, nearest ${miss.nearest}: ${miss.differences.map((d) => d.path).join(', ')}`
      : '';
    lines.push(`missed ${miss.count}× ${miss.path} ${miss.model ?? ''} ${miss.key} (${miss.reason}${near})`);
  }
  return lines.join('\n');
}
