import { useEffect, useLayoutEffect, useRef } from 'react';
import uPlot from 'uplot';
import { clockTime, day } from '../parts/format.ts';
import { drawMarks, drawNights, drawUnderWay } from './draw.ts';
import { CHART_FONT, type Paint } from './paint.ts';
import { type Band, logTicks, lonely, timeTicks } from './shape.ts';

export interface ChartSeries {
  readonly label: string;
  readonly values: readonly (number | null)[];
  readonly stroke: string;
  readonly width?: number;
  readonly dash?: readonly number[];
  /** Bars when given, a line otherwise. */
  readonly fill?: string;
}
export interface TimeChartProps {
  /** What a reader who does not see the picture should know. */
  readonly label: string;
  /** Middles of the steps. */
  readonly at: readonly number[];
  readonly step: number;
  readonly window: Band;
  readonly series: readonly ChartSeries[];
  readonly height: number;
  readonly format: (value: number) => string;
  /** Top of the axis while everything is zero, so that its labels stay sensible. */
  readonly emptyTop?: number;
  readonly log?: boolean;
  readonly axis?: boolean;
  /** Moments to mark with a line through the chart. */
  readonly marks: readonly number[];
  /** The last step is still under way when it reaches beyond this moment; it is drawn paler. */
  readonly until: number;
  readonly paint: Paint;
  readonly onCursor: (index: number | null) => void;
  readonly onZoom: (window: Band) => void;
}

/** Room for the labels on the left, the same for every chart, so that they stand exactly under each other. */
export const AXIS_LEFT = 54;
export const AXIS_RIGHT = 6;
/** Width of a character of an axis, pixels. */
const DIGIT = 6;
const AXIS_BOTTOM = 24;
const SYNC = 'watch';

export function TimeChart(props: TimeChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const latest = useRef(props);
  useLayoutEffect(() => {
    latest.current = props;
  });
  const shape = `${props.series.map((each) => `${each.label}${each.fill ? 'b' : 'l'}`).join()}|${props.log}|${props.axis}`;
  const { paint, height } = props;

  // A new chart only when its form or its colours change; new numbers go into the one that is there.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` says when the form changes
  useEffect(() => {
    const host = place.current;
    if (!host) return;
    const made = new uPlot(options(host.clientWidth, latest), dataOf(latest.current), host);
    chart.current = made;
    const sizes = new ResizeObserver(() => {
      if (host.clientWidth > 0) made.setSize({ width: host.clientWidth, height: latest.current.height });
    });
    sizes.observe(host);
    return () => {
      sizes.disconnect();
      made.destroy();
      chart.current = undefined;
    };
  }, [paint, shape, height]);

  const { at, series, window, marks, until } = props;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is drawn is read from `latest`; these say when it changed
  useEffect(() => {
    const made = chart.current;
    if (!made) return;
    made.batch(() => {
      made.setData(dataOf(latest.current), false);
      made.setScale('x', { min: window.from, max: window.to });
    });
  }, [at, series, window, marks, until]);

  return <div ref={place} className="chart" role="img" aria-label={props.label} style={{ height }} />;
}

const dataOf = (props: TimeChartProps): uPlot.AlignedData => [
  props.at as number[],
  ...props.series.map((each) => each.values as (number | null)[]),
];

const options = (width: number, latest: { readonly current: TimeChartProps }): uPlot.Options => {
  const { paint, height, series, log, axis } = latest.current;
  const bars = uPlot.paths.bars?.({ size: [1, Number.POSITIVE_INFINITY], align: 0, gap: 1 });
  const lines = uPlot.paths.linear?.({ alignGaps: 0 });
  return {
    width,
    height,
    ms: 1,
    padding: [8, AXIS_RIGHT, axis ? 0 : 4, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false },
      // Only movement is shared: if the end of a drag were, every chart would ask for the same new window.
      sync: { key: SYNC, filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' } },
    },
    scales: {
      x: { time: true, auto: false, min: latest.current.window.from, max: latest.current.window.to },
      y: log
        ? { distr: 3, range: (_, min, max) => logRange(min, max) }
        : { range: (_, __, max) => [0, max > 0 ? max * 1.08 : (latest.current.emptyTop ?? 1)] },
    },
    series: [
      {},
      ...series.map((each) => ({
        label: each.label,
        stroke: each.stroke,
        width: each.width ?? 1.5,
        // A line needs two points; one that stands alone is a dot, or it would not be seen at all.
        points: {
          show: !each.fill,
          size: 4,
          width: 0,
          fill: each.stroke,
          filter: (u: uPlot, index: number) => [...lonely(u.data[index] ?? [])],
        },
        ...(each.dash ? { dash: [...each.dash] } : {}),
        ...(each.fill
          ? { fill: each.fill, width: 0, ...(bars ? { paths: bars } : {}) }
          : lines
            ? { paths: lines }
            : {}),
      })),
    ],
    axes: [
      {
        show: true,
        size: axis ? AXIS_BOTTOM : 0,
        font: CHART_FONT,
        stroke: paint['ink-3'],
        grid: { stroke: paint.line, width: 1 },
        ticks: { show: false },
        gap: 7,
        splits: (u, _, min, max) => [
          ...timeTicks(min, max, Math.max(2, Math.floor(u.bbox.width / uPlot.pxRatio / 92))).at,
        ],
        values: (u, splits) => (axis ? tickNames(u, splits) : splits.map(() => '')),
      },
      {
        size: AXIS_LEFT,
        font: CHART_FONT,
        stroke: paint['ink-3'],
        grid: { stroke: paint.line, width: 1 },
        ticks: { show: false },
        gap: 8,
        space: 26,
        values: (_, splits) => splits.map((value) => (value === null ? '' : latest.current.format(value))),
        ...(log
          ? { splits: (_u, _i, min, max) => [...logTicks(min, max)], filter: (_u, splits) => splits }
          : {}),
      },
    ],
    hooks: {
      drawClear: [(u) => drawNights(u, paint)],
      draw: [(u) => drawUnderWay(u, latest.current, paint), (u) => drawMarks(u, latest.current.marks, paint)],
      setCursor: [(u) => latest.current.onCursor(u.cursor.idx ?? null)],
      setSelect: [
        (u) => {
          if (u.select.width < 6) return;
          const from = Math.round(u.posToVal(u.select.left, 'x'));
          const to = Math.round(u.posToVal(u.select.left + u.select.width, 'x'));
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          latest.current.onZoom({ from, to });
        },
      ],
    },
  };
};

const logRange = (min: number | null, max: number | null): [number, number] => {
  if (!min || !max || max <= 0) return [10, 1000];
  return [Math.max(0.01, min * 0.8), Math.max(max * 1.25, min * 4)];
};

const tickNames = (u: uPlot, splits: readonly number[]): string[] => {
  const step = (splits[1] ?? 0) - (splits[0] ?? 0);
  const { min = 0, max = 0 } = u.scales.x ?? {};
  const days = (max ?? 0) - (min ?? 0) > 86_400_000 * 1.5;
  const nameOf = (at: number): string => {
    const time = clockTime(at);
    if (days && (step >= 43_200_000 || time.startsWith('00:00'))) return day(at).slice(5);
    return step < 60_000 ? time : time.slice(0, 5);
  };
  // Half of a name at the very edge would be cut off, and half an hour reads as another one.
  const edge = u.bbox.width / uPlot.pxRatio + AXIS_RIGHT;
  return splits.map((at) => {
    const name = nameOf(at);
    return u.valToPos(at, 'x') + (name.length * DIGIT) / 2 > edge ? '' : name;
  });
};
