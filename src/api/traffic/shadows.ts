import type { RateView, RatioView, ShadowPair, ShadowView } from '#contracts';
import { isGood } from '#contracts';
import { median } from '#kernel/stats';
import { rateOf } from '../attention/say.ts';

/** Pairs shown of each row. */
const LAST = 20;
/** Fewer pairs have no order statistics 95 % apart. */
const FEWEST = 6;

/** What the pairs say, by route and target; `pairs` newest first. */
export function shadowViews(pairs: readonly ShadowPair[]): readonly ShadowView[] {
  const groups = Map.groupBy(pairs, ({ route, shadow }) => `${route}\0${shadow.target}`);
  return [...groups.values()]
    .map(viewOf)
    .sort((a, b) => a.route.localeCompare(b.route) || b.pairs - a.pairs || a.target.localeCompare(b.target));
}

function viewOf(pairs: readonly ShadowPair[]): ShadowView {
  const [newest] = pairs as [ShadowPair];
  const tools = pairs.filter(({ agreement }) => agreement.tools !== undefined);
  const args = pairs.filter(({ agreement }) => agreement.args !== undefined);
  const json = pairs.filter(({ served, shadow }) => served.json !== undefined && shadow.json !== undefined);
  return {
    route: newest.route,
    target: newest.shadow.target,
    pairs: pairs.length,
    since: (pairs.at(-1) as ShadowPair).at,
    good: {
      served: share(pairs, ({ served }) => isGood(served.outcome)),
      shadow: share(pairs, ({ shadow }) => isGood(shadow.outcome)),
      both: share(pairs, ({ served, shadow }) => isGood(served.outcome) && isGood(shadow.outcome)),
    },
    agree: {
      end: share(pairs, ({ agreement }) => agreement.end),
      ...(tools.length > 0 && { tools: share(tools, ({ agreement }) => agreement.tools === true) }),
      ...(args.length > 0 && { args: share(args, ({ agreement }) => agreement.args === true) }),
      ...(json.length > 0 && {
        json: {
          served: share(json, ({ served }) => served.json === true),
          shadow: share(json, ({ shadow }) => shadow.json === true),
        },
      }),
    },
    ...ratio('latency', pairs, ({ served, shadow }) => quotient(shadow.totalMs, served.totalMs)),
    ...ratio('firstToken', pairs, ({ served, shadow }) => quotient(shadow.firstTokenMs, served.firstTokenMs)),
    ...ratio('cost', pairs, ({ served, shadow }) =>
      priced(served.costState) && priced(shadow.costState)
        ? quotient(shadow.microUsd, served.microUsd)
        : undefined,
    ),
    ...ratio('length', pairs, ({ lengthRatio }) => lengthRatio),
    ...ratio('similarity', pairs, ({ similarity }) => similarity),
    last: pairs.slice(0, LAST),
    differing: pairs.filter(differs).slice(0, LAST),
  };
}

const differs = ({ served, shadow, agreement: { end, tools, args } }: ShadowPair): boolean =>
  !end || tools === false || args === false || served.json !== shadow.json;

const share = (pairs: readonly ShadowPair[], holds: (pair: ShadowPair) => boolean): RateView =>
  rateOf(pairs.filter(holds).length, pairs.length);

const priced = (state: string): boolean => state === 'exact' || state === 'estimated';

const quotient = (shadow: number | undefined, served: number | undefined): number | undefined =>
  shadow === undefined || served === undefined || served <= 0 ? undefined : shadow / served;

type Ratios = 'latency' | 'firstToken' | 'cost' | 'length' | 'similarity';

/** A failed answer is short, fast and cheap: only pairs of good ones say how the targets compare. */
function ratio<Name extends Ratios>(
  name: Name,
  pairs: readonly ShadowPair[],
  of: (pair: ShadowPair) => number | undefined,
): Partial<Record<Name, RatioView>> {
  const values = pairs
    .filter(({ served, shadow }) => isGood(served.outcome) && isGood(shadow.outcome))
    .flatMap((pair) => of(pair) ?? [])
    .sort((a, b) => a - b);
  if (values.length === 0) return {};
  return { [name]: { n: values.length, median: median(values), ...ends(values) } } as Partial<
    Record<Name, RatioView>
  >;
}

/**
 * Distribution-free 95 % interval of the median: order statistics r and n + 1 - r, where r is the largest with
 * P(Binomial(n, 1/2) < r) <= 2.5 % (Conover, Practical Nonparametric Statistics, 3.2).
 */
function ends(sorted: readonly number[]): Pick<RatioView, 'low' | 'high'> {
  const n = sorted.length;
  if (n < FEWEST) return {};
  let r = 0;
  // In logarithms: 2 to the power of -n is zero for a computer from n = 1075 on.
  for (let k = 0, mass = -n * Math.LN2, below = 0; k < n; k++) {
    below += Math.exp(mass);
    if (below > 0.025) break;
    r = k + 1;
    mass += Math.log((n - k) / (k + 1));
  }
  const [low, high] = [sorted[r - 1], sorted[n - r]];
  return low === undefined || high === undefined ? {} : { low, high };
}
