import { chatQuestion } from '../http/question.ts';
import { serveUpstream } from '../http/upstream.ts';
import { connect } from '../load/connection.ts';
import { Samples, type Spread } from '../load/samples.ts';
import type { Context, Part, PartResult } from '../part.ts';
import { number, table } from '../report/table.ts';
import { undoLater } from '../rig/cleanup.ts';
import { startMidwatch } from '../rig/midwatch.ts';
import { ports } from '../rig/ports.ts';

/** After this an upstream that still runs will never be told. */
const PATIENCE_MS = 5_000;
const PROMISED_MS = 50;

interface Case {
  readonly name: string;
  /** The provider has not answered anything yet, or streams. */
  readonly silent: boolean;
  readonly how: 'leave' | 'close';
}

const CASES: readonly Case[] = [
  { name: 'while it streams, closing', silent: false, how: 'leave' },
  { name: 'while it streams, breaking off', silent: false, how: 'close' },
  { name: 'before the first byte, closing', silent: true, how: 'leave' },
  { name: 'before the first byte, breaking off', silent: true, how: 'close' },
];

export const abort: Part = {
  name: 'abort',
  title: 'A client that leaves: until its call upstream is closed',
  async run({ quick, say }: Context): Promise<PartResult> {
    let silent = false;
    let left: () => void = () => undefined;
    let asked: () => void = () => undefined;
    // In this process, so that both ends are seen by one clock.
    const upstream = serveUpstream({
      port: ports.probe,
      silent: () => silent,
      onAsked: () => asked(),
      onLeft: () => left(),
    });
    const closeUpstream = undoLater(() => upstream.stop());
    const house = await startMidwatch({ port: ports.midwatch, upstream: upstream.port });
    const question = chatQuestion(
      { port: ports.midwatch, headers: { authorization: `Bearer ${house.key}` } },
      10_000,
    );
    const measured: { readonly name: string; readonly spread: Spread; readonly never: number }[] = [];
    for (const one of CASES) {
      const samples = new Samples();
      let never = 0;
      silent = one.silent;
      for (let i = 0; i < (quick ? 20 : 100); i++) {
        const closed = new Promise<true>((resolve) => {
          left = () => resolve(true);
        });
        const reached = new Promise<void>((resolve) => {
          if (one.silent) asked = resolve;
          else asked = () => undefined;
          connect(ports.midwatch, {
            ...(!one.silent && { body: () => resolve() }),
            end: () => undefined,
            broken: () => undefined,
          }).then((connection) => {
            client = connection;
            connection.send(question.numbered(i));
          }, resolve);
        });
        let client: Awaited<ReturnType<typeof connect>> | undefined;
        await reached;
        // Some leave at once, some later: what listens for them may begin late or look seldom.
        await Bun.sleep((i % 10) * 6);
        const began = performance.now();
        client?.[one.how]();
        if (await Promise.race([closed, Bun.sleep(PATIENCE_MS)])) samples.add(performance.now() - began);
        else never++;
        client?.close();
      }
      measured.push({ name: one.name, spread: samples.spread(), never });
      say(`${one.name}: max ${number(samples.spread().max)} ms, never ${never}`);
    }
    await house.stop();
    await closeUpstream();
    const max = Math.max(...measured.map((m) => m.spread.max));
    const never = measured.reduce((sum, m) => sum + m.never, 0);
    return {
      text: [
        table(
          ['the client leaves', 'n', 'p50 ms', 'p99 ms', 'max ms', 'never closed'],
          measured.map(({ name, spread, never }) => [
            name,
            String(spread.n),
            number(spread.p50),
            number(spread.p99),
            number(spread.max),
            String(never),
          ]),
        ),
        '',
        'From the moment the client gives up its socket until the upstream sees its own connection closed, 0 to 54 ms after the first token or the question.',
      ].join('\n'),
      verdicts: [
        {
          promise: `upstream closed within ${PROMISED_MS} ms of the client leaving`,
          measured: `max ${number(max)} ms`,
          kept: max <= PROMISED_MS && never === 0,
          ...(never > 0 && { note: `${never} calls were not closed within ${PATIENCE_MS} ms` }),
        },
      ],
    };
  },
};
