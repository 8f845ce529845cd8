import type { ChangeEvent, Quantiles, Watch, WatchPoint } from '@midwatch/contracts';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useMemo, useState } from 'react';
import { type Paint, usePaint } from '../../charts/paint.ts';
import { type Band, type Cluster, cluster, stack } from '../../charts/shape.ts';
import { AXIS_LEFT, AXIS_RIGHT, type ChartSeries, TimeChart } from '../../charts/TimeChart.tsx';
import {
  clockTime,
  compact,
  count,
  day,
  duration,
  durationTick,
  money,
  NONE,
  plural,
} from '../../parts/format.ts';
import { Glyph } from '../../parts/Outcome.tsx';
import { byFamily, FAMILIES, FAMILY_LABEL, type Family } from '../../parts/outcomes.ts';

const BAD = FAMILIES.filter((family) => family !== 'good');

/** Everything on one axis: a cursor in one chart stands in all of them, a drag in one chooses a new range for all. */
export function WatchCharts({
  watch,
  until,
  onZoom,
}: {
  readonly watch: Watch;
  /** When the numbers were asked for. */
  readonly until: number;
  readonly onZoom: (window: Band) => void;
}) {
  const paint = usePaint();
  const [cursor, setCursor] = useState<number | null>(null);
  const [measure, setMeasure] = useState<'totalMs' | 'firstTokenMs'>('totalMs');
  const window = useMemo(() => ({ from: watch.from, to: watch.to }), [watch.from, watch.to]);
  const groups = useMemo(() => cluster(watch.changes, window, 0.014), [watch.changes, window]);
  const marks = useMemo(
    () => groups.map(({ x }) => window.from + x * (window.to - window.from)),
    [groups, window],
  );
  const at = useMemo(() => watch.points.map((point) => point.at), [watch.points]);
  const series = useMemo(() => seriesOf(watch.points, measure, paint), [watch.points, measure, paint]);
  const point = cursor === null ? undefined : watch.points[cursor];
  const shared = { at, step: watch.step, window, marks, until, paint, onCursor: setCursor, onZoom };
  return (
    <section className="charts" aria-label="Charts">
      <header className="charts-head">
        <p className="num">
          {point
            ? `${stepName(point.at, watch.step)}`
            : `${plural(watch.points.length, 'step')} of ${duration(watch.step)}`}
        </p>
        <p className="quiet charts-tip">Drag to zoom</p>
      </header>
      <ChangeLane groups={groups} />
      <Panel title="Traffic" reads={trafficReads(point, watch)}>
        <TimeChart
          {...shared}
          label={`Exchanges over time, ${count(watch.totals.exchanges)} in all`}
          series={series.traffic}
          height={112}
          format={compact}
        />
      </Panel>
      <Panel title="Not good" reads={badReads(point, watch)}>
        <TimeChart
          {...shared}
          label="Exchanges that did not end well, by family of outcome, over time"
          series={series.bad}
          height={92}
          format={compact}
        />
      </Panel>
      <Panel
        title={
          <fieldset className="panel-choice">
            <legend className="sr">Latency of</legend>
            {(
              [
                ['totalMs', 'Total time'],
                ['firstTokenMs', 'First token'],
              ] as const
            ).map(([name, says]) => (
              <button
                key={name}
                type="button"
                aria-pressed={measure === name}
                onClick={() => setMeasure(name)}
              >
                {says}
              </button>
            ))}
          </fieldset>
        }
        reads={latencyReads(point ? point[measure] : watch.totals[measure])}
      >
        <TimeChart
          {...shared}
          label={`${measure === 'totalMs' ? 'Total time' : 'Time to first token'} over time: median, 95th and 99th percentile`}
          series={series.latency}
          height={124}
          format={durationTick}
          log
        />
      </Panel>
      <Panel
        title="Spend"
        reads={[{ name: '', value: money(point ? point.microUsd : watch.totals.microUsd) }]}
      >
        <TimeChart
          {...shared}
          label={`Spend over time, ${money(watch.totals.microUsd)} in all`}
          series={series.spend}
          height={96}
          format={money}
          axis
        />
      </Panel>
    </section>
  );
}

interface Read {
  readonly name: ReactNode;
  readonly value: string;
  readonly key?: string;
}
function Panel({
  title,
  reads,
  children,
}: {
  readonly title: ReactNode;
  readonly reads: readonly Read[];
  readonly children: ReactNode;
}) {
  return (
    <div className="panel">
      <div className="panel-head">
        <h3>{title}</h3>
        <dl className="reads">
          {reads.map((read, at) => (
            <div key={read.key ?? at}>
              {read.name ? <dt>{read.name}</dt> : null}
              <dd className="num">{read.value}</dd>
            </div>
          ))}
        </dl>
      </div>
      {children}
    </div>
  );
}

const stepName = (at: number, step: number): string =>
  step >= 86_400_000
    ? day(at)
    : `${day(at)} ${clockTime(at).slice(0, 5)}–${clockTime(at + step).slice(0, step < 60_000 ? 8 : 5)}`;

const trafficReads = (point: WatchPoint | undefined, watch: Watch): readonly Read[] => {
  const of = point ?? watch.totals;
  const families = byFamily(of.outcomes);
  return [
    { name: <Name family="good" />, value: count(families.good), key: 'good' },
    { name: 'not good', value: count(of.exchanges - families.good), key: 'bad' },
  ];
};
const badReads = (point: WatchPoint | undefined, watch: Watch): readonly Read[] => {
  const families = byFamily((point ?? watch.totals).outcomes);
  return BAD.map((family) => ({
    name: <Name family={family} />,
    value: count(families[family]),
    key: family,
  }));
};
const latencyReads = (quantiles: Quantiles | undefined): readonly Read[] =>
  (['p50', 'p95', 'p99'] as const).map((name) => ({
    name: (
      <span className="outcome">
        <i className={`line-key line-${name}`} aria-hidden="true" />
        {name}
      </span>
    ),
    value: quantiles ? duration(quantiles[name]) : NONE,
    key: name,
  }));

const GLYPH: Readonly<Record<Family, string>> = {
  good: 'complete',
  short: 'length',
  withheld: 'refusal',
  broken: 'error',
  left: 'cancelled',
};
const Name = ({ family }: { readonly family: Family }) => (
  <span className="outcome">
    <Glyph outcome={GLYPH[family]} />
    {FAMILY_LABEL[family].toLowerCase()}
  </span>
);

const seriesOf = (points: readonly WatchPoint[], measure: 'totalMs' | 'firstTokenMs', paint: Paint) => {
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

/** Marks on the same axis as the charts below; each leads to the exchange in which it was first seen. */
function ChangeLane({ groups }: { readonly groups: readonly Cluster<ChangeEvent>[] }) {
  if (groups.length === 0) return null;
  return (
    <ul
      className="lane"
      aria-label="Changes on the time axis"
      style={{ marginLeft: AXIS_LEFT, marginRight: AXIS_RIGHT }}
    >
      {groups.map((group) => {
        const [first] = group.members;
        if (!first) return null;
        const says = group.members
          .slice(0, 6)
          .map((each) => `${clockTime(each.at)} ${each.route}: ${each.subject} is ${each.value}`)
          .join('\n');
        return (
          <li key={first.at} style={{ left: `${group.x * 100}%` }}>
            {group.members.length === 1 ? (
              <Link to="/exchanges/$id" params={{ id: first.exchange }} title={says} aria-label={says}>
                <i />
              </Link>
            ) : (
              <Link
                to="/changes"
                title={says}
                aria-label={`${plural(group.members.length, 'change')}: ${says}`}
              >
                <b className="num">{group.members.length}</b>
              </Link>
            )}
          </li>
        );
      })}
    </ul>
  );
}
