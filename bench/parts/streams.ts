import { CHUNK_MS } from '../http/upstream.ts';
import type { StreamResult } from '../load/jobs.ts';
import { median } from '../load/samples.ts';
import type { Context, Part, PartResult } from '../part.ts';
import { number, spread, table } from '../report/table.ts';
import { type ContenderName, startField } from '../rig/contenders.ts';
import { startGenerator } from '../rig/generator.ts';
import { type Watched, watched } from '../rig/watch.ts';

const CONCURRENT = 1_000;
/** Four seconds at fifty a second. */
const CHUNKS = 200;

export const streams: Part = {
  name: 'streams',
  title: `Streams: ${CONCURRENT} at a time, ${1_000 / CHUNK_MS} chunks a second each`,
  async run({ quick, say }: Context): Promise<PartResult> {
    const field = await startField();
    const generator = await startGenerator();
    const measured = new Map<ContenderName, Watched<StreamResult>[]>();
    let first = 1;
    // As in the other parts: compiled before it is measured.
    for (const { address, house } of field.contenders) {
      const job = { kind: 'streams', address, patienceMs: 10_000, concurrent: 300, chunks: 100 } as const;
      first += (await generator.run({ ...job, ms: quick ? 1_000 : 20_000, first })).sent;
      await house?.settle();
    }
    for (let round = 0; round < (quick ? 1 : 2); round++)
      for (const contender of field.contenders) {
        const job = { kind: 'streams', address: contender.address, patienceMs: 10_000 } as const;
        const warm = await generator.run({ ...job, concurrent: 50, chunks: 25, ms: 500, first });
        first += warm.sent;
        const one = await watched(generator, contender, {
          ...job,
          concurrent: CONCURRENT,
          chunks: CHUNKS,
          ms: quick ? 2_000 : 8_000,
          first,
        });
        first += one.result.sent;
        measured.set(contender.name, [...(measured.get(contender.name) ?? []), one]);
        say(
          `round ${round + 1}, ${contender.name}: ${one.result.complete} of ${one.result.sent} whole, first token p99 ${number(one.result.firstToken.p99)} ms`,
        );
        await contender.house?.settle();
      }
    const { house } = field;
    const stored = await house.recount();
    await generator.stop();
    await field.stop();
    return report(measured, stored.dropped);
  },
};

function report(
  measured: ReadonlyMap<ContenderName, readonly Watched<StreamResult>[]>,
  dropped: number,
): PartResult {
  const of = (name: ContenderName) => measured.get(name) ?? [];
  const values = (name: ContenderName, read: (w: Watched<StreamResult>) => number) => of(name).map(read);
  const added = (name: ContenderName, q: 'p50' | 'p99') => {
    const direct = values('direct', (w) => w.result.firstToken[q]);
    return values(name, (w) => w.result.firstToken[q]).map((v, i) => v - (direct[i] ?? Number.NaN));
  };
  const core = (w: Watched<StreamResult>) => (w.cpu ? (100 * w.cpu.all) / w.cpu.seconds : Number.NaN);
  const rows = [...measured.keys()].map((name) => [
    name,
    spread(
      values(name, (w) => w.result.firstToken.p50),
      median,
    ),
    spread(
      values(name, (w) => w.result.firstToken.p99),
      median,
    ),
    name === 'direct' ? '–' : spread(added(name, 'p50'), median),
    name === 'direct' ? '–' : spread(added(name, 'p99'), median),
    number(median(values(name, (w) => w.result.chunkDelay.p50))),
    number(median(values(name, (w) => w.result.chunkDelay.p99))),
    number(median(values(name, core))),
    number(Math.max(...values(name, (w) => w.peakRss ?? Number.NaN))),
    `${sum(values(name, (w) => w.result.complete))} of ${sum(values(name, (w) => w.result.sent))}`,
  ]);
  const house = of('Midwatch');
  const p99 = median(added('Midwatch', 'p99'));
  const rss = Math.max(...house.map((w) => w.peakRss ?? Number.NaN));
  const toBare = (name: ContenderName) => median(added(name, 'p99')) / median(added('bare Bun proxy', 'p99'));
  const whole = house.every((w) => w.result.failed === 0);
  const troubles = [...measured].flatMap(([name, all]) =>
    all.flatMap(({ result }) => (result.trouble === undefined ? [] : [`- ${name}: ${result.trouble}`])),
  );
  return {
    text: [
      table(
        [
          '',
          'first token p50 ms',
          'p99 ms',
          'added p50',
          'added p99',
          'chunk delay p50 ms',
          'p99 ms',
          'core %',
          'peak RSS MB',
          'whole',
        ],
        rows,
      ),
      '',
      `Open loop: a stream begins every ${number((CHUNKS * CHUNK_MS) / CONCURRENT)} ms and lasts ${(CHUNKS * CHUNK_MS) / 1_000} s. First token: from the moment the stream was due, once all ${CONCURRENT} run; the upstream sends it at once. Chunk delay: from the upstream's write of a chunk to its arrival at the caller. Core: share of the gateway's core used by its process while all streams run. Whole: every chunk and the terminator arrived. Each has carried 300 streams for 20 s before. ${of('direct').length} rounds; median, smallest and largest in brackets.`,
      ...(troubles.length > 0 ? ['', ...troubles] : []),
    ].join('\n'),
    verdicts: [
      {
        promise: `${CONCURRENT} streams, added first-token p99 ≤ 5 ms`,
        measured: `${number(p99)} ms`,
        kept: p99 <= 5,
      },
      ...(['Midwatch', 'Midwatch, everything on'] as const).map((name, i) => ({
        promise: `added first-token p99 ≤ 2 × what a bare Bun proxy adds${i === 0 ? '' : ', everything on'}`,
        measured: `${number(toBare(name))} ×`,
        kept: toBare(name) <= 2,
        note: 'docs/decisions/005',
      })),
      {
        promise: `≤ 150 MB with ${CONCURRENT} streams`,
        measured: `${number(rss)} MB`,
        kept: rss <= 150,
        note: 'peak resident memory of the process',
      },
      {
        promise: 'on one core, every chunk delivered',
        measured: `${number(median(house.map(core)))} % of the core`,
        kept: whole && dropped === 0,
      },
    ],
  };
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
