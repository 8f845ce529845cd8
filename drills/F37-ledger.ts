import type { ExchangeFacts } from '#contracts';
import { isGood } from '#contracts';
import type { Simulator } from '#simulator';

/** One attempt as somebody counted it. */
export interface Counted {
  readonly good: boolean;
  readonly microUsd: number;
}
/** Attempts of one exchange in their order. */
export type Depths = readonly Counted[];

/** The numbers of the catalogue's entry, as functions over attempts, whoever counted them. */
export interface Reliability {
  /** Good at the first attempt, of all exchanges. */
  readonly firstAttempt: number;
  readonly attemptsPerExchange: number;
  /** Failed attempts of all attempts. */
  readonly hiddenFailure: number;
  /** Exchanges that failed first and were good in the end, of those that failed first. */
  readonly recovered: number;
  /** Dollars in attempts before the last one, of all dollars. */
  readonly wastedShare: number;
}

export function reliability(exchanges: readonly Depths[]): Reliability {
  let attempts = 0;
  let failed = 0;
  let first = 0;
  let healed = 0;
  let dollars = 0;
  let wasted = 0;
  for (const depths of exchanges) {
    attempts += depths.length;
    depths.forEach((attempt, i) => {
      if (!attempt.good) failed++;
      dollars += attempt.microUsd;
      if (i < depths.length - 1) wasted += attempt.microUsd;
    });
    if (depths[0]?.good) first++;
    else if (depths.at(-1)?.good) healed++;
  }
  const n = exchanges.length;
  return {
    firstAttempt: first / n,
    attemptsPerExchange: attempts / n,
    hiddenFailure: failed / attempts,
    recovered: healed / (n - first),
    wastedShare: wasted / dollars,
  };
}

/** As Midwatch recorded it. */
export const recordedDepths = ({ attempts }: ExchangeFacts): Depths =>
  attempts.map(({ outcome, cost }) => ({ good: isGood(outcome), microUsd: cost.microUsd }));

/**
 * As the provider counted it, from its books alone: every target has a model name of its own, so what one exchange adds
 * to the line of the nth model is the nth attempt. Knows nothing of what the gateway wrote.
 */
export function providerBooks(simulator: Simulator, models: readonly string[]) {
  const read = () => {
    const { models: lines } = simulator.ledger();
    return models.map((model) => lines[model]);
  };
  let before = read();
  return {
    /** What was asked since the last call. */
    sinceLast(): Depths {
      const now = read();
      const depths: Counted[] = [];
      now.forEach((line, i) => {
        const then = before[i];
        const asked = (line?.requests ?? 0) - (then?.requests ?? 0);
        if (asked === 0) return;
        depths.push({
          good: (line?.completions ?? 0) > (then?.completions ?? 0),
          microUsd: (line?.microUsd ?? 0) - (then?.microUsd ?? 0),
        });
      });
      before = now;
      return depths;
    },
    bill: () => simulator.ledger().total.microUsd,
    requests: () => simulator.ledger().total.requests,
  };
}
