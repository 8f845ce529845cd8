import type { EpochMs, ExchangeFacts } from '#contracts';
import { isGood } from '#contracts';
import type { Rehearsal } from './rehearsal.ts';

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

/** One attempt as the provider saw it. */
export interface Told extends Counted {
  readonly at: EpochMs;
  readonly model: string;
}

/**
 * As the provider counted it, in order of time: the wire says who was called when, the books of the called model what came
 * of it. Knows nothing of what the gateway wrote. Calls must not overlap, which is why one question is asked after the other.
 */
export function providerBooks({ simulator, crossings }: Rehearsal) {
  let read = 0;
  return {
    /** What was asked since the last call. @throws Error when the books do not tell two calls of one model apart. */
    sinceLast(): readonly Told[] {
      const calls = crossings.slice(read);
      read = crossings.length;
      const { models } = simulator.ledger();
      return calls.map(({ at, model, before }, i) => {
        const again = calls.slice(i + 1).find((later) => later.model === model);
        const after = again ? again.before : models[model];
        const gain = (of: 'requests' | 'completions' | 'microUsd') =>
          (after?.[of] ?? 0) - (before?.[of] ?? 0);
        if (gain('requests') !== 1) throw new Error(`the books of ${model} do not tell its calls apart`);
        return { at, model, good: gain('completions') === 1, microUsd: gain('microUsd') };
      });
    },
  };
}
