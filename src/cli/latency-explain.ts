import { Command } from 'commander';
import { type ExchangeRow, isGood, type Outcome } from '#contracts';
import { count, percent, span } from '#contracts/say';
import { systemClock } from '#kernel';
import { chainRisk, queueWait, readTail, type TailReading } from '#kernel/resilience';
import { wilson } from '#kernel/stats';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { EXIT, type Exit } from './exit.ts';
import { durationFlag, positive } from './flags.ts';
import { recorded } from './recorded.ts';
import { facts } from './table.ts';
import { bold, dim, green, print, printJson, red, yellow } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly since: number;
  readonly most: number;
  readonly firstToken: number;
  readonly gap: number;
  readonly json?: true;
}

/** Exchanges below which a p99 is the slowest one. */
const ENOUGH = 100;
/** p99 over p50 beyond which the tail is what callers know of the route. */
const WIDE = 10;
const CHAINS = [5, 10, 20] as const;
const LOADS = [0.5, 0.7, 0.9] as const;

export const explain = () =>
  withConnection(
    new Command('explain')
      .description(
        'Where the tail of a route comes from: first tokens, length or pace; what its variance costs those who wait in line, what a chain of calls meets, how many answers come in good time, and how long answers have to be allowed to be. Exits 1 when p99 is more than ten times p50 or the tail grows heavier, 3 below 100 exchanges.',
      )
      .argument('<route>')
      .addOption(durationFlag('--since <duration>', 'how much of the record', '1d'))
      .option('--most <n>', 'exchanges that are read, the newest', positive, 5_000)
      .addOption(durationFlag('--first-token <duration>', 'an answer in good time has begun by then', '2s'))
      .addOption(durationFlag('--gap <duration>', 'and has no longer mean pause between its tokens', '100ms'))
      .option('--json', 'print one JSON object'),
  ).action(async (route: string, flags: Flags) => {
    const { midwatch } = await connect(flags);
    // A route that there is not has no record either; the difference is a typing error.
    await midwatch.routes.get(route);
    const now = systemClock().now();
    const { rows, more } = await recorded(midwatch, { from: now - flags.since, route }, flags.most);
    const asked = rows.filter(({ attempts, outcome }) => attempts > 0 && outcome !== 'cancelled').reverse();
    const tail = readTail(
      asked.map(({ totalMs, firstTokenMs, tokensOut, outcome }) => ({
        totalMs,
        tokensOut,
        good: isGood(outcome as Outcome),
        ...(firstTokenMs !== undefined && { firstTokenMs }),
      })),
    );
    const goodput = goodputOf(asked, flags, now);
    const chains = CHAINS.map((calls) => ({ calls, risk: chainRisk(calls) }));
    const waits = LOADS.map((load) => ({ load, ms: tail ? queueWait(load, tail.c2, tail.meanMs) : 0 }));
    if (flags.json) printJson({ route, more, ...tail, goodput, chains, waits });
    else print(tail ? said(route, tail, goodput, more) : `${yellow('?')} nothing was answered on "${route}"`);
    process.exitCode = verdict(tail);
  });

function verdict(tail: TailReading | undefined): Exit {
  if (!tail || tail.n < ENOUGH) return EXIT.unknown;
  return tail.spread > WIDE || tail.tailIndex?.heavier ? EXIT.bad : EXIT.good;
}

/** Answers that ended well and came in good time. */
function goodputOf(rows: readonly ExchangeRow[], { firstToken, gap }: Flags, now: number) {
  const inTime = rows.filter(
    ({ outcome, firstTokenMs, totalMs, tokensOut }) =>
      isGood(outcome as Outcome) &&
      (firstTokenMs ?? totalMs) <= firstToken &&
      (firstTokenMs === undefined || totalMs - firstTokenMs <= gap * Math.max(1, tokensOut - 1)),
  ).length;
  const seconds = Math.max(1, now - (rows[0]?.at ?? now)) / 1_000;
  const share = rows.length > 0 ? wilson(inTime, rows.length) : { estimate: 0, lower: 0, upper: 1 };
  return {
    perSecond: inTime / seconds,
    share: { estimate: share.estimate, lower: share.lower, upper: share.upper },
  };
}

function said(
  route: string,
  tail: TailReading,
  { perSecond, share }: ReturnType<typeof goodputOf>,
  more: boolean,
): string {
  const { n, p50, p95, p99, spread, c2, c2Short, c2Long, meanMs, excess, tailIndex, useful } = tail;
  const state =
    n < ENOUGH
      ? yellow(`${count(n)} of the ${ENOUGH} exchanges that it takes`)
      : spread > WIDE
        ? red(`p99 is ${spread.toFixed(1)} times p50`)
        : green(`p99 is ${spread.toFixed(1)} times p50`);
  const waits = LOADS.map((load) => `${span(queueWait(load, c2, meanMs))} at ${percent(load)}`).join(', ');
  return [
    `${bold(route)} ${state} ${dim(`${count(n)} exchanges${more ? ', the newest of more (--most)' : ''}`)}`,
    facts([
      ['latency', `p50 ${span(p50)}, p95 ${span(p95)}, p99 ${span(p99)}`],
      [
        'the slowest 1 %',
        `${percent(excess.firstToken)} late first tokens, ${percent(excess.length)} length, ${percent(excess.pace)} pace`,
      ],
      ...(tailIndex
        ? [
            [
              'tail index',
              `${tailIndex.before.toFixed(2)} before, ${tailIndex.after.toFixed(2)} now${tailIndex.heavier ? red(' grows heavier') : ''}`,
            ] as const,
          ]
        : []),
      [
        'variance',
        `C² ${c2.toFixed(2)}; ${c2Short.toFixed(2)} among the short half, ${c2Long.toFixed(2)} among the long`,
      ],
      [
        'wait in line',
        `${waits} of one place; if all were alike ${span(queueWait(0.9, 0, meanMs))} at ${percent(0.9)}`,
      ],
      [
        'chains',
        `${CHAINS.map((calls) => `${percent(chainRisk(calls))} of ${calls} calls`).join(', ')} meet the slowest 1 %`,
      ],
      [
        'goodput',
        `${perSecond.toFixed(3)}/s, ${percent(share.estimate)} (${percent(share.lower)} to ${percent(share.upper)}) in good time`,
      ],
      ...(useful
        ? [
            [
              'max_tokens',
              useful.upper === undefined
                ? `unknown: ${count(useful.n)} good answers do not reach their p99.5`
                : `${count(useful.upper)} keeps 99.5 % of ${count(useful.n)} good answers whole (p99.5 ${count(useful.tokens)}); \`maxTokens: auto\` sets one`,
            ] as const,
          ]
        : []),
    ]),
  ].join('\n');
}
