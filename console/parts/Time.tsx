import { ago } from '@midwatch/contracts/say';
import { useSyncExternalStore } from 'react';
import { every, now } from '../data/clock.ts';
import { clockTime, localFull, localTime, utc } from './format.ts';

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

const SHOW = { short: localTime, full: localFull, clock: clockTime, ago } as const;

export function Time({ at, show = 'short' }: { readonly at: number; readonly show?: keyof typeof SHOW }) {
  const today = useNow();
  const text = SHOW[show](at, today);
  return (
    <time className="num" dateTime={new Date(at).toISOString()} title={`${localFull(at)} local\n${utc(at)}`}>
      {text}
    </time>
  );
}
