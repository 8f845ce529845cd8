import type { Quantiles, WatchPoint } from '@midwatch/contracts';
import type { Paint } from '../../charts/paint.ts';
import { stack } from '../../charts/shape.ts';
import type { ChartSeries } from '../../charts/TimeChart.tsx';
import { byFamily, FAMILIES } from '../../parts/outcomes.ts';

export const BAD = FAMILIES.filter((family) => family !== 'good');

/** What the four charts draw; outcomes as families, since twelve colours cannot be told apart. */
export const seriesOf = (
  points: readonly WatchPoint[],
  measure: 'totalMs' | 'firstTokenMs',
  paint: Paint,
) => {
  const families = points.map((point) => byFamily(point.outcomes));
  const bars = (
    names: readonly string[],
    rows: readonly (readonly number[])[],
    fills: readonly string[],
  ): ChartSeries[] => {
    const sums = stack(rows);
    return sums.map((values, at) => {
      const name = names[names.length - 1 - at] ?? '';
      const fill = fills[fills.length - 1 - at] ?? '';
      return { label: name, values, stroke: fill, fill };
    });
  };
  const line = (name: keyof Quantiles): (number | null)[] =>
    points.map((point) => point[measure]?.[name] ?? null);
  return {
    traffic: bars(
      ['good', 'not good'],
      [
        families.map((each) => each.good),
        points.map((point, at) => point.exchanges - (families[at]?.good ?? 0)),
      ],
      [paint['good-fill'], paint.broken],
    ),
    bad: bars(
      BAD,
      BAD.map((family) => families.map((each) => each[family])),
      BAD.map((family) => paint[family]),
    ),
    latency: [
      { label: 'p99', values: line('p99'), stroke: paint['ink-3'], width: 1, dash: [3, 3] },
      { label: 'p95', values: line('p95'), stroke: paint['ink-2'], width: 1.25 },
      { label: 'p50', values: line('p50'), stroke: paint.good, width: 2 },
    ],
    spend: [
      {
        label: 'spend',
        values: points.map((point) => point.microUsd),
        stroke: paint['line-strong'],
        fill: paint['line-strong'],
      },
    ],
  };
};
