/**
 * What an answer of a fallback costs over one of the first tier, in pairs, and whether that is more than a route accepts.
 *
 * Formula: r = cost of the exercised answer / cost of the first tier's answer to its partner, an ask of the same size and shape. Shown is the median of the latest 400 r with its confidence sequence by order statistics (95 %, may be looked at whenever). Reported by a change detector for a rate: H0: P(r > allowed) ≤ 1/2, Shiryaev–Roberts e-detector, alarm at R ≥ c; taken back when a confidence sequence since then lies below 1/2.
 * Assumes: exercised asks are drawn by chance and each first answer is a partner once, so pairs are independent; both sides have a price.
 * Error rate: a fallback whose median is exactly at what is allowed is reported once in c = 20,000 pairs or more seldom; one that is cheaper almost never.
 * Cost: O(1) a step; a reading sorts 400 numbers.
 * Lies when: a few answers are very dear: the median does not see them, the mean and the bill do. Partners answer alike asks and not the same one, so each pair is noisy; only many of them tell.
 * Reference: Shin, Ramdas and Rinaldo, "E-detectors", NEJSDS 2023; Howard and Ramdas, "Sequential estimation of quantiles", 2022.
 */
import type { CostReading } from '#contracts';
import { quantileSequence } from '../stats/sequential/quantile-sequence.ts';
import { type ParityState, parity } from './parity.ts';

/** Plain JSON. */
export interface DearnessState {
  /** Logarithms, oldest first. */
  readonly ratios: readonly number[];
  /** Pairs so far, those that were forgotten included. */
  readonly n: number;
  /** Under one bound: another one begins anew. */
  readonly held?: { readonly allowed: number; readonly parity: ParityState } | undefined;
}

const WINDOW = 400;
/** Fewer tell nothing that is worth a number. */
const FEW = 8;
/** A bound on the median is one on the share of pairs beyond it: a half. */
const half = parity({ margin: 0.5 });

export const NO_PAIRS: DearnessState = { ratios: [], n: 0 };

/** `ratio`: of one pair, above 0. `allowed`: what the route accepts; undefined where it does not say. */
export function dearer(state: DearnessState, ratio: number, allowed: number | undefined): DearnessState {
  const ratios = [...state.ratios, Math.round(Math.log(ratio) * 1e4) / 1e4].slice(-WINDOW);
  const n = state.n + 1;
  if (allowed === undefined) return { ratios, n };
  const before = state.held?.allowed === allowed ? state.held.parity : half.start;
  return { ratios, n, held: { allowed, parity: half.step(before, ratio > allowed) } };
}

/** Undefined while too few pairs were seen. */
export function readDearness(
  { ratios, n, held }: DearnessState,
  allowed: number | undefined,
): CostReading | undefined {
  if (ratios.length < FEW) return undefined;
  const sorted = ratios.toSorted((a, b) => a - b);
  const at = (rank: number) => sorted[rank] as number;
  const median = (at((sorted.length - 1) >> 1) + at(sorted.length >> 1)) / 2;
  const { lower, upper } = quantileSequence(sorted, 0.5);
  return {
    n,
    ratio: Math.exp(median),
    ...(lower !== undefined && { low: Math.exp(lower) }),
    ...(upper !== undefined && { high: Math.exp(upper) }),
    ...(allowed !== undefined && {
      allowed,
      verdict: held?.allowed === allowed ? half.read(held.parity).verdict : 'UNKNOWN',
    }),
  };
}
