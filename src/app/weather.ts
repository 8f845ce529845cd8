import type { Clock, Log } from '#contracts';
import type { Gateway, ProbeReading, WeatherReading } from '#gateway';

const TICK = 1_000;

type Watched = Pick<Gateway, 'weather' | 'probes'>;
/** An hour is what a regime is judged by; a minute is soon enough to hear of it. */
const LOOK = 60_000;

/** Logs which targets leave their own week, and which come back. */
export function watchRegimes({ climate }: Pick<Gateway, 'climate'>, clock: Clock, log: Log): () => void {
  let open = new Set<string>();
  return clock.every(LOOK, () => {
    const now = new Set<string>();
    for (const { provider, model, figure, regime } of climate.regimes()) {
      const name = `${provider}/${model} ${figure}`;
      if (!open.has(name) && !now.has(name))
        log('warn', 'target slower than its week', {
          target: `${provider}/${model}`,
          figure,
          cause: regime.cause,
          since: regime.since,
        });
      now.add(name);
    }
    for (const name of open) if (!now.has(name)) log('info', 'target back in its week', { target: name });
    open = now;
  });
}

/** Makes the probes that are due and logs what the weather becomes. */
export function watchWeather({ weather, probes }: Watched, clock: Clock, log: Log): () => void {
  const told = new Map<string, number>();
  return clock.every(TICK, () => {
    probes.tick();
    for (const { provider, model, findings } of weather.read()) {
      const last = findings.at(-1);
      const target = `${provider}/${model}`;
      if (!last) continue;
      if (last.until === undefined && told.get(target) !== last.foundAt) {
        told.set(target, last.foundAt);
        const { cause, evidence } = last;
        log('warn', 'target slow', { target, cause, index: evidence.index, since: last.since });
      } else if (last.until !== undefined && told.delete(target))
        log('info', 'target no longer slow', { target, after: last.until - last.since });
    }
  });
}

type Sky = WeatherReading & { readonly probe?: Omit<ProbeReading, 'provider' | 'model' | 'zone'> };

/** The weather with the probes, also of targets that were only probed, or not even that. */
export function readWeather({ weather, probes }: Watched): readonly Sky[] {
  const probed = new Map(
    probes
      .read()
      .map(({ provider, model, zone, ...probe }) => [
        `${provider}/${model}`,
        { provider, model, zone, probe },
      ]),
  );
  const skies = weather.read().map((sky): Sky => {
    const name = `${sky.provider}/${sky.model}`;
    const found = probed.get(name);
    probed.delete(name);
    return found ? { ...sky, probe: found.probe } : sky;
  });
  const unseen = [...probed.values()].map((one): Sky => ({ ...one, normal: {}, readings: [], findings: [] }));
  return [...skies, ...unseen];
}
