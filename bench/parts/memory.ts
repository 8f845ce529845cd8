import { median } from '../load/samples.ts';
import type { Context, Part, PartResult } from '../part.ts';
import { number, table } from '../report/table.ts';
import { startUpstream } from '../rig/contenders.ts';
import { startGenerator } from '../rig/generator.ts';
import { startMidwatch } from '../rig/midwatch.ts';
import { ports } from '../rig/ports.ts';
import { pssOf, rssOf } from '../rig/proc.ts';

/** After this the console is bundled, Postgres is quiet and the first collection has run. */
const REST_MS = 10_000;
/** A core that is busy for minutes leaves the scribe a tenth of it; a million exchanges may all wait at once, at 2 KB each. */
const SPOOL = '16GB';
/** Growth from the second fifth of the run to the last one that still counts as flat. */
const FLAT = 0.1;

export const memory: Part = {
  name: 'memory',
  title: 'Memory: at rest, and over many exchanges',
  async run({ quick, say }: Context): Promise<PartResult> {
    const count = quick ? 100_000 : 1_000_000;
    const upstream = await startUpstream();
    const house = await startMidwatch({ port: ports.midwatch, upstream: ports.upstream, spoolMax: SPOOL });
    await Bun.sleep(quick ? REST_MS / 2 : REST_MS);
    const rest = rssOf(house.pid);
    const postgres = pssOf(house.postgres());
    say(`at rest: ${number(rest)} MB, Postgres ${number(postgres)} MB`);

    const generator = await startGenerator();
    const samples: { readonly answered: number; readonly rss: number }[] = [];
    const before = await house.api.system();
    const look = setInterval(async () => {
      const rss = rssOf(house.pid);
      // A question to the product itself, once a second, is no load; what it cannot answer now it answers next time.
      const seen = await house.api.system().catch(() => undefined);
      if (seen) samples.push({ answered: seen.gateway.requests - before.gateway.requests, rss });
    }, 1_000);
    const result = await generator.run({
      kind: 'closed',
      address: { port: ports.midwatch, headers: { authorization: `Bearer ${house.key}` } },
      connections: 64,
      warmMs: 0,
      ms: quick ? 60_000 : 240_000,
      count,
      first: 1,
    });
    clearInterval(look);
    const settled = await house.settle(240_000);
    const after = rssOf(house.pid);
    const stored = await house.recount();
    await generator.stop();
    await house.stop();
    await upstream.stop();

    const { growth, early, late, peak } = flatness(samples);
    const steps = 10;
    const curve = Array.from({ length: steps }, (_, i) => {
      const from = (result.sent * i) / steps;
      const to = (result.sent * (i + 1)) / steps;
      return median(samples.filter((s) => s.answered > from && s.answered <= to).map((s) => s.rss));
    });
    return {
      text: [
        table(
          ['exchanges so far, % of the run', ...curve.map((_, i) => String((i + 1) * 10))],
          [['RSS MB, median', ...curve.map((rss) => number(rss))]],
        ),
        '',
        `${number(result.sent)} exchanges over 64 connections at ${number(result.answered / result.seconds)}/s, all different; ${number(stored.rows)} of them in the database ${number(settled / 1_000)} s after the last, ${stored.dropped} dropped. At rest ${number(rest)} MB, peak ${number(peak)} MB, ${number(after)} MB when all was stored. Postgres beside it: ${number(postgres)} MB at rest, its shared pages counted once.`,
        `Resident memory of the one process that is gateway, scribe, API and console. Flat: the median of the last fifth of the run is within 10 % of that of the second. The bound of the spool was raised from 2 GB to ${SPOOL}: with callers that never pause the scribe falls behind by up to 2 KB an exchange.`,
      ].join('\n'),
      verdicts: [
        { promise: 'gateway ≤ 120 MB at rest', measured: `${number(rest)} MB`, kept: rest <= 120 },
        {
          promise: 'flat over 1 M exchanges',
          measured: `${number(early)} → ${number(late)} MB over ${number(result.sent)}`,
          kept: growth <= FLAT && result.sent === count,
          ...(result.sent < 1_000_000 && { note: `only ${number(result.sent)} exchanges in this run` }),
        },
        {
          promise: 'nothing lost',
          measured: `${number(result.sent - stored.rows)} of ${number(result.sent)} missing`,
          kept: stored.rows === result.sent && stored.ids === stored.rows && result.failed === 0,
        },
      ],
    };
  },
};

function flatness(samples: readonly { readonly rss: number }[]) {
  const fifth = (i: number) =>
    median(
      samples
        .slice(Math.floor((samples.length * i) / 5), Math.floor((samples.length * (i + 1)) / 5))
        .map((s) => s.rss),
    );
  const [early, late] = [fifth(1), fifth(4)];
  return { early, late, growth: late / early - 1, peak: Math.max(...samples.map((s) => s.rss)) };
}
