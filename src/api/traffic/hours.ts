import type { HourNow, HourState, HoursQuery, HoursView, RegimeCause, RegimeView } from '#contracts';

/** What the house knows of one week, before it is put into words. */
export interface HoursReading
  extends Omit<HoursView, 'now' | 'regime'>,
    Pick<HourNow, 'hour' | 'recent' | 'timeout'> {
  /** A factor on the normal of this hour that its own weeks differ by. */
  readonly usual: number;
  readonly regime?: Omit<RegimeView, 'says'>;
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

function viewOf({ hour, recent, usual, timeout, regime, ...view }: HoursReading, at: number): HoursView {
  const cell = view.cells[hour];
  const factor = cell && recent && recent.p50 / cell.p50;
  const state = stateOf(factor, usual);
  const label = `${DAYS[Math.floor(hour / 24)]} ${String(hour % 24).padStart(2, '0')}:00 ${zoneWord(view.zone, at)}`;
  return {
    ...view,
    ...(regime && { regime: { ...regime, says: saysRegime(regime) } }),
    now: {
      hour,
      label,
      state,
      ...(cell && { normal: { p50: cell.p50, p95: cell.p95, p99: cell.p99 } }),
      ...(recent && { recent }),
      ...(factor !== undefined && { factor }),
      ...(timeout !== undefined && { timeout }),
      says: says(state, factor, label, recent !== undefined),
    },
  };
}

const stateOf = (factor: number | undefined, usual: number): HourState =>
  factor === undefined ? 'unknown' : factor > usual ? 'above' : factor < 1 / usual ? 'below' : 'normal';

function says(state: HourState, factor: number | undefined, label: string, recent: boolean): string {
  if (factor === undefined)
    return recent
      ? `nothing is known yet of what is normal for ${label}`
      : `too few answers lately to compare with what is normal for ${label}`;
  if (state === 'normal') return `normal for ${label}`;
  return state === 'above'
    ? `${factor.toFixed(1)}× above normal for ${label}`
    : `${(1 / factor).toFixed(1)}× below normal for ${label}`;
}

const WHOSE: Readonly<Record<RegimeCause, string>> = {
  provider: 'the provider’s: what Midwatch asks it on a schedule takes longer too',
  ours: 'ours: what Midwatch asks it on a schedule takes no longer',
  unclear: 'not clear yet: what Midwatch asks it on a schedule lies between',
  unknown: 'not known: `probes` would tell whether it is the provider’s',
};

const saysRegime = ({ of, cause }: Omit<RegimeView, 'says'>): string =>
  `${of === 'tail' ? 'Its slow answers are slower' : 'Slower'} than its own week, hour after hour; the change is ${WHOSE[cause]}.`;

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

/** `ET`, where the zone has a short name that holds all year; else its offset now. */
function zoneWord(zone: string, at: number): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'shortGeneric' });
  const word = parts.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? zone;
  return word.includes(' ') ? zone : word;
}
