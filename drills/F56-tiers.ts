import { hourOfWeek, seededRandom } from '#kernel/stats';
import type { SceneContext } from './define.ts';
import { cycle, FIRST_TOKEN, flat, HOUR, isPeak, taught, ZONE } from './F56-week.ts';
import type { Measure } from './measure.ts';

const START = Date.UTC(2026, 0, 5);
const PEAK = Array.from({ length: 24 }, (_, i) => START + i * HOUR).filter((at) =>
  isPeak(hourOfWeek(at, ZONE)),
);
/** The even one of two targets of a tier: always a third slower than the other at night, which its peak makes slower than that. */
const EVEN = 1.3;
const CALLS = 400;

export interface Shared {
  /** Calls at the peak that went to the one that has it. */
  readonly peaked: Measure;
  /** Mean first token at the peak, milliseconds. */
  readonly mean: number;
}

/** Two targets of one tier at the peak of one of them, after a month of both. */
export async function peakOf(context: SceneContext, byHour: boolean): Promise<Shared> {
  const random = seededRandom('F56 tiers', context.seed);
  const even = { ...FIRST_TOKEN, median: EVEN * FIRST_TOKEN.median };
  const learnt = [taught(random, ['a'], 4.2, START, cycle), taught(random, ['b'], 4.2, START, flat, even)];
  const timeline = PEAK.map((at) => ({
    fault: 'latency-multiplier',
    with: { factor: cycle(hourOfWeek(at, ZONE)) },
    on: { model: 'a' },
    from: at - START,
    to: at - START + HOUR,
  }));
  const rehearsal = context.rehearse({
    world: JSON.stringify({
      models: {
        a: { firstToken: FIRST_TOKEN, gap: { median: 0, sigma: 0 } },
        b: { firstToken: even, gap: { median: 0, sigma: 0 } },
      },
      timeline,
    }),
    config: JSON.stringify({
      providers: { sim: { kind: 'simulator', free: true, zone: ZONE } },
      routes: {
        chat: {
          tiers: [{ name: 'both', byHour, targets: ['a', 'b'].map((model) => ({ provider: 'sim', model })) }],
        },
      },
    }),
  });
  rehearsal.climate.restore(Object.assign({}, ...learnt.map(({ climate }) => climate)));
  const every = (PEAK.length * HOUR) / CALLS;
  const { clock } = rehearsal;
  const all: Promise<unknown>[] = [];
  await rehearsal.run(
    (async () => {
      await clock.sleep((PEAK[0] as number) - clock.now());
      for (let i = 0; i < CALLS; i++, await clock.sleep(every))
        all.push(
          rehearsal.send({
            path: '/v1/chat/completions',
            body: { model: 'chat', stream: true, messages: [{ role: 'user', content: 'What is 17*23?' }] },
          }),
        );
      await Promise.all(all);
    })(),
  );
  const first = rehearsal.finished.flatMap(({ facts }) => facts.attempts[0] ?? []);
  const peaked = first.filter(({ model }) => model === 'a').length;
  const sum = first.reduce((total, { timing }) => total + (timing.firstToken ?? 0), 0);
  return { peaked: { kind: 'rate', events: peaked, n: first.length }, mean: sum / first.length };
}
