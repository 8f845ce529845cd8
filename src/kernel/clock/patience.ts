import type { Clock } from '#contracts';

const SLICES = 5;
/** So many slices may be late before they count all the same. */
const FORGIVEN = 50;

/**
 * Calls back after `ms` in which this process could have read an answer, if there had been one. A plain timer fires first after a
 * stall of our own, before the socket is read: two hundred requests at once would look like an authority that is gone, and
 * every replica would keep the limit for itself. Returns what cancels it.
 */
export function patiently(
  clock: Pick<Clock, 'after' | 'monotonic'>,
  ms: number,
  done: () => void,
): () => void {
  const slice = ms / SLICES;
  let left = SLICES;
  let forgiven = FORGIVEN;
  let stop = () => {};
  const next = () => {
    const due = clock.monotonic() + slice;
    stop = clock.after(slice, () => {
      const late = clock.monotonic() - due > slice;
      if (!late || forgiven-- <= 0) left--;
      if (left === 0) done();
      else next();
    });
  };
  next();
  return () => stop();
}
