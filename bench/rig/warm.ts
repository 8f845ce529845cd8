import { number } from '../report/table.ts';
import type { Contender, ContenderName } from './contenders.ts';
import type { Generator } from './generator.ts';

const COLD_MS = 2_000;
/** Asked of each, or as many as it answers in the time: a slow one would otherwise take minutes. */
const WARM = { count: 200_000, ms: 45_000 };

export interface Warm {
  /** Questions that were asked, of all and of each. */
  readonly sent: number;
  readonly of: ReadonlyMap<ContenderName, number>;
  /** What each answered a second in its first two. */
  readonly cold: string;
}

/**
 * Asks each contender until its code is compiled, two hundred thousand answers at the most: a service that runs for months is asked at
 * its usual speed. What it did before is told beside it, since nobody is warm when he begins.
 */
export async function warmUp(
  generator: Generator,
  contenders: readonly Contender[],
  { quick, first }: { readonly quick: boolean; readonly first: number },
): Promise<Warm> {
  let sent = 0;
  const of = new Map<ContenderName, number>();
  const cold: [ContenderName, number][] = [];
  for (const { name, address, house } of contenders) {
    const ask = async (limit: { readonly ms: number; readonly count?: number }) => {
      const job = {
        kind: 'closed',
        address,
        connections: 64,
        warmMs: 0,
        ...limit,
        first: first + sent,
      } as const;
      const result = await generator.run(job);
      sent += result.sent;
      of.set(name, (of.get(name) ?? 0) + result.sent);
      return result.measured / result.seconds;
    };
    cold.push([name, await ask({ ms: quick ? COLD_MS / 4 : COLD_MS })]);
    if (!quick) await ask(WARM);
    await house?.settle();
  }
  return {
    sent,
    of,
    cold: `Each was asked ${number(WARM.count)} times before, or for ${number(WARM.ms / 1_000)} s, for it takes some hundred thousand answers until all code is compiled. In their first ${number(COLD_MS / 1_000)} s: ${cold.map(([name, rate]) => `${name} ${number(rate)}/s`).join(', ')}.`,
  };
}
