import type { RateView } from '@midwatch/contracts';
import { count, interval, percent } from '@midwatch/contracts/say';

/** A rate with what it rests on. Nothing measured is said to be nothing, never 0 % or 100 %. */
export function Rate({ rate, label }: { readonly rate: RateView; readonly label?: string }) {
  if (rate.n === 0) return <span className="quiet">no data</span>;
  const said = `${percent(rate.rate)}, ${count(rate.count)} of ${count(rate.n)}, 95 % interval ${interval(rate.low, rate.high)}`;
  return (
    <span className="rate" title={said}>
      <span className="sr">{label ? `${label} ${said}` : said}</span>
      <span aria-hidden="true" className="num">
        {percent(rate.rate)}
      </span>
      <span aria-hidden="true" className="num quiet rate-interval">
        {interval(rate.low, rate.high)}
      </span>
    </span>
  );
}

/**
 * The interval as a whisker on a scale from `floor` to 1. The floor is the same for all whiskers that stand together, and
 * is printed beside them where they are explained.
 */
export function Whisker({ rate, floor }: { readonly rate: RateView; readonly floor: number }) {
  if (rate.n === 0) return null;
  const x = (value: number): number => Math.max(0, Math.min(1, (value - floor) / (1 - floor))) * 100;
  const [low, mid, high] = [x(rate.low), x(rate.rate), x(rate.high)];
  return (
    <svg className="whisker" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <line className="whisker-rail" x1="0" x2="100" y1="4" y2="4" />
      <line className="whisker-span" x1={low} x2={Math.max(high, low + 0.5)} y1="4" y2="4" />
      <line className="whisker-mid" x1={mid} x2={mid} y1="0.5" y2="7.5" />
    </svg>
  );
}
/** A round floor below the lowest end, so that whiskers use the width they have. */
export const whiskerFloor = (rates: readonly RateView[]): number => {
  const low = Math.min(1, ...rates.filter((rate) => rate.n > 0).map((rate) => rate.low));
  for (const floor of [0.99, 0.95, 0.9, 0.8, 0.5]) if (low > floor) return floor;
  return 0;
};
