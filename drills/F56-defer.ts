import { deferrals } from '#app';
import type { AskFacets } from '#contracts';
import { hourOfWeek, seededRandom } from '#kernel/stats';
import { protocols } from '#protocols';
import type { SceneContext } from './define.ts';
import { HOUR, isPeak, levels, taught, ZONE } from './F56-week.ts';
import type { Measure } from './measure.ts';

const START = Date.UTC(2026, 0, 5);
const WITHIN = 12;
/** Runs that are handed over in each hour of the peak. */
const RUNS = 20;
const HALF = HOUR / 2;

const CONFIG = JSON.stringify({
  providers: { sim: { kind: 'simulator', free: true, zone: ZONE } },
  routes: {
    chat: {
      defer: { within: `${WITHIN}h` },
      tiers: [{ name: 'a', targets: [{ provider: 'sim', model: 'a' }] }],
    },
  },
});

export interface Deferred {
  /** Load of the provider when a run begins, over that when it was handed over; 1 of one that was not put off. */
  readonly eased: Measure;
  readonly put: Measure;
  readonly late: Measure;
  /** Of the runs that were put off, those that begin in the fullest half hour. */
  readonly fullest: Measure;
}

/** Runs of the batch lane that come at the peak of a Monday, after a month of it; `curve`: how the provider's load goes by the hour. */
export async function deferred(context: SceneContext, curve: (hour: number) => number): Promise<Deferred> {
  const random = seededRandom('F56 defer', context.seed);
  const { climate } = taught(random, ['a'], 4.2, START, curve);
  const loads = new Map<number, number>();
  for (const { at, factor } of levels(random, START, curve)) {
    if (at > START + 48 * HOUR) break;
    loads.set(at, factor);
  }
  const loadAt = (at: number): number => loads.get(Math.floor(at / HOUR) * HOUR) as number;
  const rehearsal = context.rehearse({ world: '', config: CONFIG });
  rehearsal.climate.restore(climate);
  const { clock, table } = rehearsal;
  const defer = deferrals({ clock, table, climate: rehearsal.climate });
  const run = {
    protocol: protocols.find(({ name }) => name === 'openai-chat') as (typeof protocols)[number],
    facets: { model: 'chat', bytes: 400, stream: false } as AskFacets,
    headers: { 'x-midwatch-priority': 'batch' },
    within: undefined,
  };
  const eased: number[] = [];
  const begins: number[] = [];
  let late = 0;
  await rehearsal.run(
    (async () => {
      for (let at = START; at < START + 24 * HOUR; at += HOUR) {
        if (!isPeak(hourOfWeek(at, ZONE))) continue;
        await clock.sleep(at + HALF - clock.now());
        for (let i = 0; i < RUNS; i++) {
          const begin = defer(run)?.at;
          eased.push(loadAt(begin ?? clock.now()) / loadAt(clock.now()));
          if (begin === undefined) continue;
          begins.push(begin);
          if (begin > clock.now() + WITHIN * HOUR) late++;
        }
      }
    })(),
  );
  const halves = new Map<number, number>();
  for (const at of begins) {
    const half = Math.floor(at / HALF);
    halves.set(half, (halves.get(half) ?? 0) + 1);
  }
  return {
    eased: { kind: 'values', values: eased },
    put: { kind: 'rate', events: begins.length, n: eased.length },
    late: { kind: 'count', broken: late, n: begins.length },
    fullest: { kind: 'values', values: [Math.max(0, ...halves.values()) / Math.max(1, begins.length)] },
  };
}
