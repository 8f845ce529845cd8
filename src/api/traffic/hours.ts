import type {
  HourNow,
  HourState,
  HoursQuery,
  HoursView,
  PaceView,
  RegimeCause,
  RegimeView,
} from '#contracts';
import { times } from '#contracts/say';
import { hourLabel } from '#kernel/resilience';

/** One figure of a week, before it is put into words. */
interface FigureReading extends Pick<HoursView, 'cells'>, Pick<HourNow, 'recent'> {
  /** A factor on the normal of this hour that its own weeks differ by. */
  readonly usual: number;
  readonly regime?: Omit<RegimeView, 'says'>;
}

/** What the house knows of one week, before it is put into words. */
export interface HoursReading
  extends Omit<HoursView, 'now' | 'regime' | 'perToken'>,
    Pick<HourNow, 'hour' | 'timeout'>,
    FigureReading {
  readonly perToken?: FigureReading;
}

/** A figure of a target that has left its week, before it is put into words. */
export interface RegimeFinding {
  readonly provider: string;
  readonly model: string;
  readonly figure: 'firstToken' | 'perToken';
  readonly regime: Omit<RegimeView, 'says'>;
}

/** The most used first. */
export const hoursViews = (
  readings: readonly HoursReading[],
  { provider, model }: HoursQuery,
  now: number,
): readonly HoursView[] =>
  readings
    .filter((one) => provider === undefined || one.provider === provider)
    .filter((one) => model === undefined || one.model === model)
    .map((one) => viewOf(one, now))
    .sort((a, b) => seen(b) - seen(a));

const seen = ({ cells }: HoursView): number => cells.reduce((sum, { n }) => sum + n, 0);

function viewOf(reading: HoursReading, at: number): HoursView {
  const { provider, model, tokens, zone, since, acts, cells, hour, timeout, perToken } = reading;
  const label = hourLabel(hour, zone, at);
  const first = told(reading, hour, label, 'firstToken');
  const pace = perToken && told(perToken, hour, label, 'perToken');
  return {
    provider,
    model,
    tokens,
    zone,
    since,
    acts,
    cells,
    ...first,
    now: { ...first.now, ...(timeout !== undefined && { timeout }) },
    ...(pace && { perToken: pace }),
  };
}

function told(
  { cells, recent, usual, regime }: FigureReading,
  hour: number,
  label: string,
  figure: RegimeFinding['figure'],
): PaceView {
  const cell = cells[hour];
  const factor = cell && recent && recent.p50 / cell.p50;
  const state = stateOf(factor, usual);
  return {
    now: {
      hour,
      label,
      state,
      ...(cell && { normal: { p50: cell.p50, p95: cell.p95, p99: cell.p99 } }),
      ...(recent && { recent }),
      ...(factor !== undefined && { factor }),
      says: says(state, factor, label, recent !== undefined),
    },
    ...(regime && { regime: { ...regime, says: saysRegime(figure, regime) } }),
  };
}

const SLOWER: Readonly<Record<RegimeFinding['figure'], Readonly<Record<RegimeView['of'], string>>>> = {
  firstToken: {
    typical: 'Slower than its own week',
    tail: 'Its slow answers are slower than they were',
  },
  perToken: {
    typical: 'Each token takes longer than in its own week',
    tail: 'The slow ones among its streams are slower than they were',
  },
};

export const saysRegime = (
  figure: RegimeFinding['figure'],
  { of, cause }: Omit<RegimeView, 'says'>,
): string => `${SLOWER[figure][of]}, hour after hour; the change is ${WHOSE[cause]}.`;

const stateOf = (factor: number | undefined, usual: number): HourState =>
  factor === undefined ? 'unknown' : factor > usual ? 'above' : factor < 1 / usual ? 'below' : 'normal';

function says(state: HourState, factor: number | undefined, label: string, recent: boolean): string {
  if (factor === undefined)
    return recent
      ? `nothing is known yet of what is normal for ${label}`
      : `too few answers lately to compare with what is normal for ${label}`;
  if (state === 'normal') return `normal for ${label}`;
  return `${times(factor)} what is normal for ${label}`;
}

const WHOSE: Readonly<Record<RegimeCause, string>> = {
  provider: 'the provider’s: what Midwatch asks it on a schedule takes longer too',
  ours: 'ours: what Midwatch asks it on a schedule takes no longer',
  unclear: 'not clear yet: what Midwatch asks it on a schedule lies between',
  unknown: 'not known: `probes` would tell whether it is the provider’s',
};
