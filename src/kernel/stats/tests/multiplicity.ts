/**
 * Many tests at once: Holm, Benjamini–Hochberg, e-BH, LOND.
 *
 * Formula: Holm p̃_(i) = max_{j≤i} (M−j+1)·p_(j); BH p̃_(i) = min_{j≥i} M·p_(j)/j; e-BH rejects the k̂ largest e-values, k̂ = max{k : e_(k) ≥ M/(kα)}; LOND tests the i-th at α·γ_i·(D+1), γ_i = 6/(π²i²), D discoveries before.
 * Assumes: Holm and e-BH: any dependence. BH: independent or positively dependent p-values. LOND: independent p-values (or divide by 1 + ½ + … + 1/i).
 * Cost: O(M log M).
 * Lies when: tests were left out because they looked dull; Holm bounds the chance of one false claim, BH and e-BH only the expected share of false ones.
 * Reference: Holm 1979; Benjamini and Hochberg 1995; Wang and Ramdas 2022; Javanmard and Montanari 2018.
 */
import { checkInnerProbability, checkLength, checkProbabilities, checkProbability } from '../check.ts';
import { StatsError } from '../error.ts';

const ascendingOrder = (p: readonly number[]) => p.map((_, i) => i).sort((a, b) => p[a]! - p[b]!);

/** Holm-adjusted p-values in the given order; reject where ≤ α. */
export function holm(p: readonly number[]): readonly number[] {
  checkProbabilities('p', p);
  const out = new Array<number>(p.length);
  let running = 0;
  ascendingOrder(p).forEach((index, i) => {
    running = Math.max(running, Math.min(1, (p.length - i) * p[index]!));
    out[index] = running;
  });
  return out;
}

/** Benjamini–Hochberg adjusted p-values (q-values) in the given order; reject where ≤ α. */
export function benjaminiHochberg(p: readonly number[]): readonly number[] {
  checkProbabilities('p', p);
  const out = new Array<number>(p.length);
  let running = 1;
  ascendingOrder(p)
    .map((index, i) => ({ index, rank: i + 1 }))
    .reverse()
    .forEach(({ index, rank }) => {
      running = Math.min(running, (p.length / rank) * p[index]!);
      out[index] = running;
    });
  return out;
}

/** Indices of the rejected hypotheses, largest e-value first; false discovery rate ≤ α under any dependence. */
export function eBenjaminiHochberg(e: readonly number[], alpha = 0.05): readonly number[] {
  checkLength('e', e);
  e.forEach((value, i) => {
    if (!(value >= 0)) throw new StatsError(`e[${i}]`, `must be ≥ 0, got ${value}`);
  });
  checkInnerProbability('alpha', alpha);
  const order = e.map((_, i) => i).sort((a, b) => e[b]! - e[a]!);
  let rejected = 0;
  order.forEach((index, i) => {
    if (e[index]! >= e.length / ((i + 1) * alpha)) rejected = i + 1;
  });
  return order.slice(0, rejected);
}

export interface LondState {
  readonly tests: number;
  readonly discoveries: number;
}

export const LOND_START: LondState = Object.freeze({ tests: 0, discoveries: 0 });

/** Online control for p-values that arrive one by one: tells whether this one is a discovery. */
export function lond(
  state: LondState,
  p: number,
  alpha = 0.05,
): { readonly state: LondState; readonly level: number; readonly reject: boolean } {
  checkProbability('p', p);
  checkInnerProbability('alpha', alpha);
  const i = state.tests + 1;
  const level = Math.min(1, ((alpha * 6) / (Math.PI ** 2 * i * i)) * (state.discoveries + 1));
  const reject = p <= level;
  return { state: { tests: i, discoveries: state.discoveries + (reject ? 1 : 0) }, level, reject };
}
