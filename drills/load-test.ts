import type { Clock, Transport } from '#contracts';
import type { ClimateSnapshot } from '#gateway';
import { line, quantileWith, type SharedQueue, useFor } from '#kernel/resilience';
import {
  drawNormal,
  normalQuantile,
  quantile,
  type Random,
  seededRandom,
  studentQuantile,
} from '#kernel/stats';
import { START } from './F21-world.ts';
import { type FirstToken, flat, HOUR, taught } from './F56-week.ts';
import { onceConnected } from './in-process.ts';
import { rehearse } from './rehearsal.ts';

/** A load test whose target is shared with strangers: it tells what an hour does to a latency, not what a quiet night does. */
export interface LoadWorld {
  /** First token when nobody is waited for, log-normal, ms. */
  readonly own: FirstToken;
  /** Mean wait at the hour on trial, ms. */
  readonly wait: number;
  /** Our own calls per second, arriving whether or not those before have been answered. */
  readonly rate: number;
  readonly queue: SharedQueue;
}

export interface LoadLength {
  readonly seeds: readonly number[];
  /** Of each seed, ms. */
  readonly span: number;
  /** Also with another target, limits by the hour and a concurrency limit. */
  readonly held: boolean;
}

/** Milliseconds to the first token, as callers of the gateway saw it. */
export interface Measured {
  readonly p50: number;
  readonly p95: number;
  /** 95 %, by the spread of the seeds. */
  readonly low: number;
  readonly high: number;
  readonly n: number;
  /** Answers that never came. */
  readonly failed: number;
}

export interface LoadLevel {
  /** Of the wait that is normal for the hour. */
  readonly times: number;
  /** Share of the capacity in use, and calls per second of all others. */
  readonly use: number;
  readonly others: number;
  readonly predicted: { readonly p50: number; readonly p95: number };
  readonly measured: Measured;
  readonly held?: Measured;
}

export const LEVELS = [1, 3, 10] as const;
export const QUEUE: SharedQueue = Object.freeze({ servers: 20, service: 8_000, variation: 0.8 });
/** Strangers have been there for so long when we come. */
const BEFORE = HOUR;
const MODELS = ['a', 'b'] as const;

/** Our own calls alone would make everybody wait longer than the hour does. */
export class TooMuchLoad extends Error {
  override readonly name = 'TooMuchLoad';
}

/** @throws TooMuchLoad */
export async function loadTest(world: LoadWorld, length: LoadLength): Promise<readonly LoadLevel[]> {
  const levels: LoadLevel[] = [];
  for (const times of LEVELS) levels.push(await level(world, times, length));
  return levels;
}

export async function level(world: LoadWorld, times: number, length: LoadLength): Promise<LoadLevel> {
  const { own, rate, queue } = world;
  const wait = useFor(queue, world.wait * times);
  const others = (1_000 * wait.use * queue.servers) / queue.service - rate;
  if (others < 0)
    throw new TooMuchLoad(
      `${rate} calls a second of our own are more than all that a wait of ${Math.round(world.wait * times)} ms leaves room for`,
    );
  const alone = (q: number) => own.median * Math.exp(own.sigma * normalQuantile(q));
  const predicted = { p50: quantileWith(wait, alone, 0.5), p95: quantileWith(wait, alone, 0.95) };
  const usual = useFor(queue, world.wait);
  const [p50, p95] = [0.5, 0.95].map((q) => quantileWith(usual, alone, q)) as [number, number];
  const normal = { median: p50, sigma: Math.log(p95 / p50) / normalQuantile(0.95) };
  const run = (held: boolean) => measure(world, others, length, held ? normal : undefined);
  return {
    times,
    use: wait.use,
    others,
    predicted,
    measured: await run(false),
    ...(length.held && { held: await run(true) }),
  };
}

async function measure(
  world: LoadWorld,
  others: number,
  { seeds, span }: LoadLength,
  held: FirstToken | undefined,
): Promise<Measured> {
  const random = seededRandom('load test', 0);
  const climate = held && taught(random, MODELS, 4.2, START, flat, held).climate;
  const runs: (readonly number[])[] = [];
  let failed = 0;
  for (const seed of seeds) {
    const { seen, lost } = await run(world, others, seed, span, climate);
    runs.push(seen);
    failed += lost;
  }
  const all = runs.flat();
  const p95 = quantile(all, 0.95);
  const each = runs.map((seen) => quantile(seen, 0.95));
  const mean = each.reduce((a, b) => a + b, 0) / each.length;
  const variance = each.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, each.length - 1);
  const half =
    each.length > 1 ? studentQuantile(0.975, each.length - 1) * Math.sqrt(variance / each.length) : Infinity;
  return {
    p50: quantile(all, 0.5),
    p95,
    low: Math.max(0, p95 - half),
    high: p95 + half,
    n: all.length,
    failed,
  };
}

async function run(
  world: LoadWorld,
  others: number,
  seed: number,
  span: number,
  climate: ClimateSnapshot | undefined,
): Promise<{ readonly seen: readonly number[]; readonly lost: number }> {
  const random = seededRandom('load test', seed);
  const rehearsal = rehearse({
    seed,
    world: JSON.stringify({
      // Models differ by what is in front of them, which the simulator does not know.
      models: Object.fromEntries(
        MODELS.map((model) => [
          model,
          { firstToken: world.own, gap: { median: 0, sigma: 0 }, tokens: { median: 20 } },
        ]),
      ),
    }),
    config: configOf(climate !== undefined),
    around: shared(random, world.queue, others),
  });
  const { clock } = rehearsal;
  try {
    if (climate) rehearsal.climate.restore(structuredClone(climate));
    const asked: Promise<unknown>[] = [];
    const asking = async () => {
      for (let left = span; left > 0; ) {
        const pause = (-Math.log(1 - random()) * 1_000) / world.rate;
        left -= pause;
        await clock.sleep(pause);
        asked.push(rehearsal.send(QUESTION));
      }
      await Promise.all(asked);
    };
    await rehearsal.run(asking());
    const told = rehearsal.finished.map(({ facts }) => facts.timing.firstToken);
    const seen = told.filter((ms) => ms !== undefined);
    return { seen, lost: told.length - seen.length };
  } finally {
    await rehearsal.stop();
  }
}

const QUESTION = {
  path: '/v1/chat/completions',
  body: { model: 'chat', stream: true, messages: [{ role: 'user', content: 'What is 17*23?' }] },
};

const configOf = (held: boolean): string =>
  JSON.stringify({
    providers: { sim: { kind: 'simulator', free: true, ...(held && { concurrency: {} }) } },
    routes: {
      chat: {
        timeouts: { byHour: held, headers: '10m', firstToken: '10m', total: '10m' },
        tiers: (held ? MODELS : MODELS.slice(0, 1)).map((model) => ({
          name: model,
          targets: [{ provider: 'sim', model }],
        })),
      },
    },
  });

/** The first model stands behind a line that strangers stand in too. */
const shared =
  (random: Random, { servers, service, variation }: SharedQueue, others: number) =>
  (inner: Transport, clock: Clock): Transport => {
    const queue = line(servers);
    const sigma = Math.sqrt(Math.log(1 + variation ** 2));
    const draw = () => service * Math.exp(sigma * drawNormal(random) - sigma ** 2 / 2);
    const pause = () => (-Math.log(1 - random()) * 1_000) / others;
    let next = clock.now() - BEFORE + pause();
    return (request, taker) => {
      if (!new TextDecoder().decode(request.body).includes('"model":"a"')) return inner(request, taker);
      const now = clock.now();
      // Strangers are drawn when we come: who waits for whom depends on the order alone.
      for (; next < now; next += pause()) queue.arrive(next, draw());
      const wait = queue.arrive(now, draw());
      let call: ReturnType<Transport> | undefined;
      // The connection stands; what is waited for is the model.
      taker.connected();
      const stop = clock.after(wait, () => {
        call = inner(request, onceConnected(taker));
      });
      return {
        cancel() {
          stop();
          call?.cancel();
        },
        pause: () => call?.pause(),
        resume: () => call?.resume(),
      };
    };
  };
