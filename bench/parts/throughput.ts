import type { ClosedResult } from '../load/jobs.ts';
import { median } from '../load/samples.ts';
import type { Context, Part, PartResult } from '../part.ts';
import { number, spread, table } from '../report/table.ts';
import { type ContenderName, startField } from '../rig/contenders.ts';
import { startGenerator } from '../rig/generator.ts';
import type { House } from '../rig/midwatch.ts';
import { ports } from '../rig/ports.ts';
import type { Cpu } from '../rig/proc.ts';
import { type Warm, warmUp } from '../rig/warm.ts';
import { watched } from '../rig/watch.ts';
import { askWithWrk } from '../rig/wrk.ts';

interface Round {
  readonly perSecond: number;
  readonly result: ClosedResult;
  /** Microseconds of processor an answer, whole process and first thread; absent for direct. */
  readonly cpu?: Cpu;
  readonly rss?: number;
  /** Milliseconds until the last exchange of the round was in the database. */
  readonly settled?: number;
}

type Stored = Awaited<ReturnType<House['recount']>>;

const HOUSES: readonly ContenderName[] = ['Midwatch', 'Midwatch, everything on'];
const CONNECTIONS = 64;

export const throughput: Part = {
  name: 'throughput',
  title: 'Throughput: 64 connections, unary chat completions, one core for the gateway',
  async run({ quick, say }: Context): Promise<PartResult> {
    const rounds = quick ? 2 : 5;
    const ms = quick ? 2_000 : 5_000;
    const field = await startField();
    const generator = await startGenerator();
    const measured = new Map<ContenderName, Round[]>(field.contenders.map(({ name }) => [name, []]));
    const warm = await warmUp(generator, field.contenders, { quick, first: 1 });
    let first = 1 + warm.sent;
    for (let round = 0; round < rounds; round++)
      for (const contender of field.contenders) {
        const { name } = contender;
        const { result, cpu, peakRss } = await watched(generator, contender, {
          kind: 'closed',
          address: contender.address,
          connections: CONNECTIONS,
          warmMs: 500,
          ms,
          first,
        });
        first += result.sent;
        const perAnswer = (seconds: number) => (seconds * 1e6) / Math.max(1, result.measured);
        measured.get(name)?.push({
          perSecond: result.measured / result.seconds,
          result,
          ...(cpu && { cpu: { all: perAnswer(cpu.all), main: perAnswer(cpu.main) } }),
          ...(peakRss !== undefined && { rss: peakRss }),
          // The next contender must not share its cores with the scribe and Postgres of this one.
          ...(contender.house && { settled: await contender.house.settle() }),
        });
        say(`round ${round + 1}, ${name}: ${number(result.measured / result.seconds)} answers/s`);
      }
    const byWrk = await askWithWrk(ports.upstream, CONNECTIONS);
    const stored = new Map<ContenderName, Stored>();
    for (const { name, house } of field.contenders)
      if (house) stored.set(name, await grown(() => house.recount()));
    await generator.stop();
    await field.stop();
    return report(measured, stored, byWrk, warm);
  },
};

/** What is counted when it no longer grows: an idle scribe may not have had the processor yet to say that it is behind. */
async function grown(count: () => Promise<Stored>): Promise<Stored> {
  for (let last = await count(); ; ) {
    await Bun.sleep(3_000);
    const now = await count();
    if (now.rows === last.rows) return now;
    last = now;
  }
}

function report(
  measured: ReadonlyMap<ContenderName, readonly Round[]>,
  stored: ReadonlyMap<ContenderName, Stored>,
  byWrk: number | undefined,
  warm: Warm,
): PartResult {
  const of = (name: ContenderName) => measured.get(name) ?? [];
  const rate = (name: ContenderName) => median(of(name).map((r) => r.perSecond));
  const ratio = (name: ContenderName, to: ContenderName) =>
    median(of(name).map((r, i) => r.perSecond / (of(to)[i]?.perSecond ?? Number.NaN)));
  const house = of('Midwatch');
  const houses = HOUSES.map((name) => {
    const sent = of(name).reduce((sum, r) => sum + r.result.sent, warm.of.get(name) ?? 0);
    const failed = of(name).reduce((sum, r) => sum + r.result.failed, 0);
    const { rows = Number.NaN, ids = Number.NaN, dropped = Number.NaN } = stored.get(name) ?? {};
    return {
      name,
      sent,
      failed,
      rows,
      ids,
      dropped,
      lossless: rows === sent && ids === rows && failed === 0,
    };
  });
  const trouble = [...measured].flatMap(([name, rounds]) =>
    rounds.flatMap(({ result }) =>
      result.failed > 0 ? [`${name}: ${result.failed} failed (${result.trouble})`] : [],
    ),
  );
  const rows = [...measured].map(([name, rounds]) => [
    name,
    spread(
      rounds.map((r) => r.perSecond),
      median,
    ),
    number(median(rounds.map((r) => r.result.latency.p50))),
    number(median(rounds.map((r) => r.result.latency.p99))),
    number(median(rounds.flatMap((r) => r.cpu?.all ?? []))),
    number(median(rounds.flatMap((r) => r.cpu?.main ?? []))),
    number(Math.max(...rounds.map((r) => r.rss ?? Number.NaN))),
  ]);
  const text = [
    table(['', 'answers/s', 'p50 ms', 'p99 ms', 'CPU µs/answer', 'of its first thread', 'peak RSS MB'], rows),
    '',
    `Median of ${house.length} rounds, smallest and largest in brackets; the contenders take turns. A question has some 600 bytes, an answer some 1,000, and no two are alike. ${warm.cold}`,
    ...houses.map(
      ({ name, sent, failed, rows, ids, dropped }) =>
        `${name} checked a key, priced and recorded every exchange: ${number(sent)} sent, ${number(rows)} rows with ${number(ids)} ids in the database, ${dropped} dropped, ${failed} answers not 200.`,
    ),
    `The scribe and Postgres run behind the gateway: after a round it took ${spread(
      house.map((r) => (r.settled ?? 0) / 1_000),
      median,
    )} s until everything was in the database.`,
    byWrk === undefined
      ? 'The generator was not compared with another: `wrk` is not installed.'
      : `Direct, \`wrk\` in place of our own generator gets ${number(byWrk)} answers/s.`,
    ...(trouble.length > 0 ? ['', ...trouble] : []),
  ].join('\n');
  return {
    text,
    verdicts: [
      {
        promise: '≥ 20,000 chat completions/s on one core',
        measured: `${number(rate('Midwatch'))}/s`,
        kept: rate('Midwatch') >= 20_000,
        note: `${number(rate('Midwatch') / rate('direct'))} × direct, which is limited by load and upstream sharing the other core`,
      },
      ...HOUSES.flatMap((name, i) => {
        const [bare, portkey] = [ratio(name, 'bare Bun proxy'), ratio(name, 'Portkey')];
        const on = i === 0 ? '' : ', everything on';
        const { lossless, sent, rows } = houses[i] as (typeof houses)[number];
        return [
          {
            promise: `≥ 12 × Portkey in the same run${on}`,
            measured: `${number(portkey)} ×`,
            kept: portkey >= 12,
          },
          { promise: `≥ 0.5 × a bare Bun proxy${on}`, measured: `${number(bare)} ×`, kept: bare >= 0.5 },
          {
            promise: `nothing lost${on}`,
            measured: `${number(sent - rows)} of ${number(sent)} missing`,
            kept: lossless,
          },
        ];
      }),
    ],
  };
}
