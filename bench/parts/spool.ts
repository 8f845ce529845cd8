import { join } from 'node:path';
import { readDigits } from '../http/digits.ts';
import { NUMBER_WIDTH } from '../http/question.ts';
import { serveUpstream } from '../http/upstream.ts';
import { Samples, type Spread } from '../load/samples.ts';
import type { Context, Part, PartResult } from '../part.ts';
import { number, table } from '../report/table.ts';
import { undoLater } from '../rig/cleanup.ts';
import { startGenerator } from '../rig/generator.ts';
import { startMidwatch } from '../rig/midwatch.ts';
import { ports } from '../rig/ports.ts';
import { watchSpool } from '../rig/spool-watch.ts';

const PROMISED_MS = 10;
const RATES = [100, 1_000] as const;
const MARK = Buffer.from('Where is parcel ');

export const spool: Part = {
  name: 'spool',
  title: 'From the end of an exchange to its bytes in the spool',
  async run({ quick, say }: Context): Promise<PartResult> {
    const ended = new Map<number, number>();
    const numbers = new Map<number, number>();
    const upstream = serveUpstream({
      port: ports.probe,
      onAsked: (connection, request) => numbers.set(connection, numberIn(request, 0)),
      onAnswered(connection) {
        const number = numbers.get(connection);
        if (number !== undefined) ended.set(number, performance.now());
      },
    });
    const closeUpstream = undoLater(() => upstream.stop());
    const house = await startMidwatch({ port: ports.midwatch, upstream: upstream.port });
    const generator = await startGenerator();
    const measured: { readonly rate: number; readonly spread: Spread; readonly missing: number }[] = [];
    let first = 1;
    for (const rate of RATES) {
      let samples = new Samples();
      const stop = watchSpool(join(house.folder, '.midwatch', 'spool'), (bytes) => {
        const now = performance.now();
        for (let at = bytes.indexOf(MARK); at >= 0; at = bytes.indexOf(MARK, at + MARK.length)) {
          const number = numberIn(bytes, at);
          const since = ended.get(number);
          if (since === undefined) continue;
          ended.delete(number);
          samples.add(now - since);
        }
      });
      const job = {
        kind: 'paced',
        address: { port: ports.midwatch, headers: { authorization: `Bearer ${house.key}` } },
        rate,
        warmMs: 0,
      } as const;
      first += (await generator.run({ ...job, ms: 1_000, first })).sent;
      await Bun.sleep(200);
      samples = new Samples();
      const { sent } = await generator.run({ ...job, ms: quick ? 2_000 : 10_000, first });
      first += sent;
      await Bun.sleep(200);
      stop();
      measured.push({ rate, spread: samples.spread(), missing: sent - samples.n });
      say(`${rate}/s: p99 ${number(samples.spread().p99)} ms`);
    }
    await generator.stop();
    await house.stop();
    await closeUpstream();
    const max = Math.max(...measured.map((m) => m.spread.max));
    const p99 = Math.max(...measured.map((m) => m.spread.p99));
    const missing = measured.reduce((sum, m) => sum + m.missing, 0);
    return {
      text: [
        table(
          ['exchanges/s', 'n', 'p50 ms', 'p99 ms', 'max ms', 'not seen'],
          measured.map(({ rate, spread, missing }) => [
            String(rate),
            String(spread.n),
            number(spread.p50),
            number(spread.p99),
            number(spread.max),
            String(missing),
          ]),
        ),
        '',
        'From the upstream writing the last byte of its answer, the earliest moment at which an exchange can be over, until its ask is read back from the segment file by another process, which looks every millisecond: the way from the upstream and up to a millisecond of looking are part of the figure. Written, not synced to the disk: a record survives the end of the process, not of the machine.',
      ].join('\n'),
      verdicts: [
        {
          promise: `in the spool within ${PROMISED_MS} ms`,
          measured: `max ${number(max)} ms, p99 ${number(p99)} ms`,
          kept: max <= PROMISED_MS && missing === 0,
          note: 'measured from outside; the figure includes up to 1 ms of the watcher and the load on its core',
        },
      ],
    };
  },
};

function numberIn(bytes: Buffer, from: number): number {
  const at = bytes.indexOf(MARK, from) + MARK.length;
  return readDigits(bytes, at, NUMBER_WIDTH);
}
