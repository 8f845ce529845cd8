import type { RateView } from '#contracts';
import { wilson } from '#kernel/stats';

export function rateOf(part: number, n: number): RateView {
  if (n === 0) return { count: part, n, rate: 0, low: 0, high: 1 };
  const { estimate, lower, upper } = wilson(part, n);
  return { count: part, n, rate: estimate, low: lower, high: upper };
}
