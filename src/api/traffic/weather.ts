import type { ProbeView, Shift, Slowness, SlownessCause, SlownessView, WeatherView } from '#contracts';
import { count, span, times } from '#contracts/say';

/** What the house knows of the weather of one target, before it is put into words. */
export interface WeatherReading extends Omit<WeatherView, 'state' | 'says' | 'findings'> {
  /** Oldest first. */
  readonly findings: readonly Slowness[];
  readonly probe?: ProbeView;
}

/** A reading that is older says nothing of now. */
const STALE = 600_000;

/** Slow ones first, then by name. */
export const weatherViews = (readings: readonly WeatherReading[], now: number): readonly WeatherView[] =>
  readings
    .map((one) => viewOf(one, now))
    .sort(
      (a, b) => Number(b.state === 'slow') - Number(a.state === 'slow') || nameOf(a).localeCompare(nameOf(b)),
    );

const nameOf = ({ provider, model }: WeatherView) => `${provider}/${model}`;

function viewOf(one: WeatherReading, now: number): WeatherView {
  const findings = [...one.findings]
    .reverse()
    .map((found): SlownessView => ({ ...found, says: says(found) }));
  const [last] = findings;
  if (last && last.until === undefined) return { ...one, findings, state: 'slow', says: last.says };
  const reading = one.readings.at(-1);
  if (!reading || now - reading.at > STALE)
    return {
      ...one,
      findings,
      state: 'unknown',
      says: reading
        ? 'Nothing was asked of it lately.'
        : 'What is normal is not known yet: that takes some two hours of traffic or probes.',
    };
  return {
    ...one,
    findings,
    state: 'usual',
    says: `Callers wait ${span(Math.max(0, reading.wait))} beyond what their asks need, ${times(Math.max(0, reading.index))} normal for the hour.`,
  };
}

/** The slowness that goes on now; undefined while there is none. */
export const slowNow = (findings: readonly Slowness[]): SlownessView | undefined => {
  const last = findings.at(-1);
  return last && last.until === undefined ? { ...last, says: says(last) } : undefined;
};

const WORDS: Readonly<Record<SlownessCause, string>> = {
  own_load: 'own load',
  prompts: 'the prompts',
  provider: 'contention at the provider',
  network: 'the network',
  unknown: 'an unknown cause',
};

/** The cause, then the figures it was told by, in the order in which causes are ruled out. */
function says({ cause, evidence }: Slowness): string {
  const { index, wait, slow, of, load, prompts, connect } = evidence;
  const figures = [
    load
      ? `${count(load.now)} calls in half a minute, ${against(load)}`
      : 'how many calls are normal is not known',
    prompts && `asks of ${count(prompts.now)} uncached tokens, ${against(prompts)}`,
    `waits of ${span(Math.max(0, wait))} beyond what the asks need, contention index ${index.toFixed(1)}`,
    connect ? `new connections in ${span(connect.now)}, ${against(connect)}` : 'no new connection',
  ].filter(Boolean);
  return `Slow by ${WORDS[cause]}, in ${slow} of ${of} readings: ${figures.join('; ')}.`;
}

const against = ({ ratio, z }: Shift): string => `${times(Math.max(0, ratio))} normal (z ${z.toFixed(1)})`;
