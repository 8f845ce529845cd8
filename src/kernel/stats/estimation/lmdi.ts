/**
 * LMDI: what moved the cost, with no residual.
 *
 * Formula: for a sum over segments of products of factors, Δ_x = Σ_i L(V_i, V0_i)·ln(x_i/x0_i), L(a, b) = (a−b)/(ln a − ln b), L(a, a) = a. The effects of all factors sum to ΔV exactly.
 * Assumes: V_i is the product of its factors, all ≥ 0.
 * Cost: O(segments · factors).
 * Lies when: a factor is itself a product of two that move against each other; a segment that appears or vanishes puts its whole value on the factors that were zero (their limit), in equal parts.
 * Reference: Ang, Energy Policy 2005 and 2015; Ang and Liu 2007 (zero values).
 */
import { checkLength, checkNonNegative, checkSameLength } from '../check.ts';

/** One segment: the same factors before and after, in the same order (volume, tokens, price …). */
export interface FactorSegment {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export interface Decomposition {
  /** Effect of each factor on the total, summing to `change`. */
  readonly effects: readonly number[];
  /** The same, per segment. */
  readonly bySegment: readonly (readonly number[])[];
  readonly before: number;
  readonly after: number;
  readonly change: number;
}

/** Logarithmic mean of two positive numbers, stable where they are nearly equal. */
export function logarithmicMean(a: number, b: number): number {
  if (a === b) return a;
  const x = (a - b) / b;
  return Math.abs(x) < 1e-4 ? b * (1 + x / 2 - (x * x) / 12 + (x * x * x) / 24) : (a - b) / Math.log(a / b);
}

const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);

function segmentEffects(before: readonly number[], after: readonly number[]): number[] {
  const v0 = product(before);
  const v1 = product(after);
  if (v0 === 0 && v1 === 0) return before.map(() => 0);
  if (v0 === 0 || v1 === 0) {
    const zero = v0 === 0 ? before : after;
    const count = zero.filter((x) => x === 0).length;
    return zero.map((x) => (x === 0 ? (v1 - v0) / count : 0));
  }
  const weight = logarithmicMean(v1, v0);
  const effects = before.map((x0, k) => weight * Math.log(after[k]! / x0));
  // Rounding leaves a last digit; it goes to the largest effect, so that the sum is the change on paper too.
  const largest = effects.reduce((best, e, k) => (Math.abs(e) > Math.abs(effects[best]!) ? k : best), 0);
  effects[largest]! += v1 - v0 - effects.reduce((a, b) => a + b, 0);
  return effects;
}

export function decomposeChange(segments: readonly FactorSegment[]): Decomposition {
  checkLength('segments', segments);
  const factors = segments[0]!.before.length;
  segments.forEach(({ before, after }, i) => {
    checkLength(`segments[${i}].before`, before);
    checkSameLength('segments[0].before', { length: factors }, `segments[${i}].before`, before);
    checkSameLength('segments[0].before', { length: factors }, `segments[${i}].after`, after);
    before.forEach((x, k) => {
      checkNonNegative(`segments[${i}].before[${k}]`, x);
    });
    after.forEach((x, k) => {
      checkNonNegative(`segments[${i}].after[${k}]`, x);
    });
  });
  const bySegment = segments.map(({ before, after }) => segmentEffects(before, after));
  const total = (side: 'before' | 'after') =>
    segments.reduce((sum, segment) => sum + product(segment[side]), 0);
  const before = total('before');
  const after = total('after');
  const effects = Array.from({ length: factors }, (_, k) => bySegment.reduce((sum, row) => sum + row[k]!, 0));
  return { effects, bySegment, before, after, change: after - before };
}
