import type { Slowness, SlownessCause } from '#contracts';
import { seededRandom } from '#kernel/stats';
import { arrive } from './arrivals.ts';
import type { SceneContext } from './define.ts';
import { network, taughtWeather } from './F21-weather.ts';
import {
  CONFIG,
  FIRST_TOKEN,
  LONG,
  MINUTE,
  MODELS,
  NINE,
  question,
  READING,
  SLOWER,
  START,
  worldOf,
} from './F21-world.ts';
import { flat, taught } from './F56-week.ts';

/** What makes the first target slow from nine on. */
export const FAULTS = ['provider', 'quiet', 'own_load', 'prompts', 'network'] as const;
/** `quiet`: of the provider, while somebody asks once in two minutes and probes are on. */
export type Fault = (typeof FAULTS)[number];
export const CAUSES: Readonly<Record<Fault, SlownessCause>> = {
  provider: 'provider',
  quiet: 'provider',
  own_load: 'own_load',
  prompts: 'prompts',
  network: 'network',
};

/** Two to four times as many questions of our own make its answers take four to eight times as long. */
const burstOf = (seed: number) => 2 + (seed % 3);
/** Round trips of 20 ms become 0.4 to 0.8 s. */
const detourOf = (seed: number) => 20 + 10 * (seed % 3);
const BEFORE = 3 * MINUTE;
const LASTS = 8 * MINUTE;

export interface Told {
  /** Absent: nothing was found. */
  readonly cause?: SlownessCause;
  /** Milliseconds from the beginning of the fault until it was found. */
  readonly after: number;
  readonly finding?: Slowness;
}

/** One morning, of which the weather of the first target is asked every second. */
export async function trial(context: SceneContext, fault: Fault, knowsLong: boolean): Promise<Told> {
  const from = START + NINE;
  const burst = burstOf(context.seed + Number(knowsLong));
  const span = { from: NINE, to: NINE + LASTS };
  const slower = { provider: SLOWER, quiet: SLOWER, own_load: 2 * burst, prompts: 0, network: 0 }[fault];
  const every = fault === 'quiet' ? 120_000 : 1_000;
  const random = seededRandom(`F21 ${fault} ${knowsLong}`, context.seed);
  const during = (now: number) => now >= from && now < from + LASTS;
  const rehearsal = context.rehearse({
    world: worldOf([
      READING,
      ...(slower === 0
        ? []
        : [{ fault: 'latency-multiplier', with: { factor: slower }, on: { model: 'a' }, ...span }]),
    ]),
    config: fault === 'quiet' ? JSON.stringify({ ...JSON.parse(CONFIG), probes: {} }) : CONFIG,
    around: network(random, (now) =>
      fault === 'network' && during(now) ? detourOf(context.seed + Number(knowsLong)) : 1,
    ),
  });
  const { clock, climate, weather } = rehearsal;
  const long = knowsLong ? 0.05 : 0;
  climate.restore(taught(random, MODELS, 4.2, START, flat, FIRST_TOKEN).climate);
  weather.restore(
    taughtWeather(random, MODELS, {
      until: from - BEFORE,
      days: 2,
      quiet: fault === 'quiet',
      long,
      law: FIRST_TOKEN,
    }),
  );
  await rehearsal.run(clock.sleep(NINE - BEFORE));
  const watching = clock.every(1_000, () => {
    rehearsal.probes.tick();
    const finding = weather
      .read()
      .find(({ model }) => model === 'a')
      ?.findings.at(-1);
    if (finding && !told) told = { cause: finding.cause, after: finding.foundAt - from, finding };
  });
  let told: Told | undefined;
  const more: Promise<unknown>[] = [];
  const words = (i: number) => {
    if (fault === 'prompts' && during(clock.now())) return LONG;
    return knowsLong && i % 20 === 0 ? LONG : 0;
  };
  await arrive(rehearsal, {
    every,
    span: BEFORE + LASTS,
    question: (i) => question(i, words(i)),
    enough: () => told !== undefined,
    look() {
      if (fault === 'own_load' && during(clock.now()))
        for (let n = 1; n < burst; n++) more.push(rehearsal.send(question(n)));
      const finding = weather
        .read()
        .find(({ model }) => model === 'a')
        ?.findings.at(-1);
      if (finding && !told) told = { cause: finding.cause, after: finding.foundAt - from, finding };
    },
  });
  await rehearsal.run(Promise.all(more));
  watching();
  return told ?? { after: Number.POSITIVE_INFINITY };
}
