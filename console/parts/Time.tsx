import { useSyncExternalStore } from 'react';
import { every, now } from '../data/clock.ts';
import { ago, localFull, localTime, utc } from './format.ts';

/** One tick for all relative times on the screen. */
let tick = now();
const watchers = new Set<() => void>();
let stop: (() => void) | undefined;
const subscribe = (watcher: () => void): (() => void) => {
  watchers.add(watcher);
  stop ??= every(5_000, () => {
    tick = now();
    for (const each of watchers) each();
  });
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    stop?.();
    stop = undefined;
  };
};
/** The time, at most five seconds old; renders again when it moves. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => tick);

export function Time({
  at,
  show = 'short',
}: {
  readonly at: number;
  readonly show?: 'short' | 'full' | 'ago';
}) {
  const today = useNow();
  const text = show === 'full' ? localFull(at) : show === 'ago' ? ago(at, today) : localTime(at, today);
  return (
    <time className="num" dateTime={new Date(at).toISOString()} title={`${localFull(at)} local\n${utc(at)}`}>
      {text}
    </time>
  );
}
