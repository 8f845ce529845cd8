import type { Watch } from '@midwatch/contracts';
import { compact, count, dollars, plural, span } from '@midwatch/contracts/say';
import { useMemo, useState } from 'react';
import { usePaint } from '../../charts/paint.ts';
import { type Band, cluster } from '../../charts/shape.ts';
import { TimeChart } from '../../charts/TimeChart.tsx';
import { clockTime, day, durationTick } from '../../parts/format.ts';
import { useNarrow } from '../../parts/narrow.ts';
import { ChangeLane } from './ChangeLane.tsx';
import { Panel } from './Panel.tsx';
import { badReads, latencyReads, trafficReads } from './reads.tsx';
import { seriesOf } from './series.ts';

/** Width of a mark with two digits as a share of the axis. */
const MARK = 0.026;
const MARK_NARROW = 0.085;

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
  const gap = useNarrow() ? MARK_NARROW : MARK;
  const groups = useMemo(() => cluster(watch.changes, window, gap), [watch.changes, window, gap]);
  const marks = useMemo(
    () => groups.map(({ x }) => window.from + x * (window.to - window.from)),
    [groups, window],
  );
  // In the middle of its step stands what happened during it: a bar is centred there, and the cursor finds the nearest.
  const at = useMemo(
    () => watch.points.map((point) => point.at + watch.step / 2),
    [watch.points, watch.step],
  );
  const series = useMemo(() => seriesOf(watch.points, measure, paint), [watch.points, measure, paint]);
  const point = cursor === null ? undefined : watch.points[cursor];
  const shared = { at, step: watch.step, window, marks, until, paint, onCursor: setCursor, onZoom };
  return (
    <section className="charts" aria-label="Charts">
      <header className="charts-head">
        <p className="num">
          {point
            ? `${stepName(point.at, watch.step)}`
            : `${plural(watch.points.length, 'step')} of ${span(watch.step)}`}
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
        reads={[{ name: '', value: dollars(point ? point.microUsd : watch.totals.microUsd) }]}
      >
        <TimeChart
          {...shared}
          label={`Spend over time, ${dollars(watch.totals.microUsd)} in all`}
          series={series.spend}
          height={96}
          format={dollars}
          emptyTop={10_000}
          axis
        />
      </Panel>
    </section>
  );
}

const stepName = (at: number, step: number): string =>
  step >= 86_400_000
    ? day(at)
    : `${day(at)} ${clockTime(at).slice(0, 5)}–${clockTime(at + step).slice(0, step < 60_000 ? 8 : 5)}`;
