import type { PacedResult } from '../load/jobs.ts';
import { median } from '../load/samples.ts';
import type { Context, Part, PartResult } from '../part.ts';
import { number, spread, table } from '../report/table.ts';
import { type ContenderName, startField } from '../rig/contenders.ts';
import { startGenerator } from '../rig/generator.ts';
import { type Warm, warmUp } from '../rig/warm.ts';

const RATES = [100, 500] as const;
const NAMES: readonly ContenderName[] = [
  'direct',
  'bare Bun proxy',
  'Midwatch',
  'Midwatch, everything on',
  'Portkey',
];

interface Round {
  readonly rate: number;
  readonly of: ReadonlyMap<ContenderName, PacedResult>;
}

export const latency: Part = {
  name: 'latency',
  title: 'Added latency: one connection, open loop',
  async run({ quick, say }: Context): Promise<PartResult> {
    const ms = quick ? 2_000 : 5_000;
    const field = await startField();
    const generator = await startGenerator();
    const rounds: Round[] = [];
    const warm = await warmUp(generator, field.contenders, { quick, first: 1 });
    let first = 1 + warm.sent;
    for (let round = 0; round < (quick ? 1 : 3); round++)
      for (const rate of RATES) {
        const of = new Map<ContenderName, PacedResult>();
        for (const { name, address, house } of field.contenders) {
          const result = await generator.run({ kind: 'paced', address, rate, warmMs: 500, ms, first });
          first += result.sent;
          of.set(name, result);
          say(`round ${round + 1}, ${rate}/s, ${name}: p50 ${number(result.latency.p50)} ms`);
          await house?.settle();
        }
        rounds.push({ rate, of });
      }
    await generator.stop();
    await field.stop();
    return report(rounds, warm);
  },
};

function report(rounds: readonly Round[], warm: Warm): PartResult {
  const values = (rate: number, name: ContenderName, read: (r: PacedResult) => number) =>
    rounds
      .filter((r) => r.rate === rate)
      .flatMap(({ of }) => {
        const result = of.get(name);
        return result ? [read(result)] : [];
      });
  /** Differences are taken within a round, where both met the same machine. */
  const added = (rate: number, name: ContenderName, q: 'p50' | 'p99') => {
    const direct = values(rate, 'direct', (r) => r.latency[q]);
    return values(rate, name, (r) => r.latency[q]).map((value, i) => value - (direct[i] ?? Number.NaN));
  };
  const rows = RATES.flatMap((rate) =>
    NAMES.map((name) => [
      `${name}, ${rate}/s`,
      spread(
        values(rate, name, (r) => r.latency.p50),
        median,
      ),
      spread(
        values(rate, name, (r) => r.latency.p99),
        median,
      ),
      name === 'direct' ? '–' : spread(added(rate, name, 'p50'), median),
      name === 'direct' ? '–' : spread(added(rate, name, 'p99'), median),
      number(Math.max(...values(rate, name, (r) => r.latency.max))),
      number(median(values(rate, name, (r) => r.late.p99))),
      String(values(rate, name, (r) => r.failed).reduce((a, b) => a + b, 0)),
    ]),
  );
  const worst = (q: 'p50' | 'p99') => Math.max(...RATES.map((rate) => median(added(rate, 'Midwatch', q))));
  const toBare = (name: ContenderName) =>
    Math.max(
      ...RATES.map((rate) => median(added(rate, name, 'p50')) / median(added(rate, 'bare Bun proxy', 'p50'))),
    );
  return {
    text: [
      table(
        ['', 'p50 ms', 'p99 ms', 'added p50', 'added p99', 'max ms', 'generator late, p99', 'failed'],
        rows,
      ),
      '',
      `Questions are due at fixed moments whether or not the last answer has come; one that has to wait counts from when it was due. Where the connection was free and the generator's own timer came late, the time runs from the moment of sending, and the lateness stands in its own column. Median of ${rounds.length / RATES.length} rounds, smallest and largest in brackets. ${warm.cold}`,
    ].join('\n'),
    verdicts: [
      {
        promise: 'added p50 ≤ 0.15 ms',
        measured: `${number(worst('p50'))} ms`,
        kept: worst('p50') <= 0.15,
        note: 'the worse of the rates',
      },
      {
        promise: 'added p99 ≤ 1 ms',
        measured: `${number(worst('p99'))} ms`,
        kept: worst('p99') <= 1,
        note: 'the worse of the rates',
      },
      ...(['Midwatch', 'Midwatch, everything on'] as const).map((name, i) => ({
        promise: `added p50 ≤ 1.2 × what a bare Bun proxy adds${i === 0 ? '' : ', everything on'}`,
        measured: `${number(toBare(name))} ×`,
        kept: toBare(name) <= 1.2,
        note: 'docs/decisions/005; the worse of the rates',
      })),
    ],
  };
}
