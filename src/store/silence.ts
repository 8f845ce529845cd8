import type { Clock } from '#contracts';

/**
 * Looks are counted, not time: after a pause of our own event loop the first look would find a server silent whose answer lies in
 * the socket unread.
 */
const LOOK_MS = 500;
/** Nothing was heard of it for so many looks, though somebody waits: then it is knocked at. */
const QUIET_LOOKS = 4;
/** A knock that is not answered within so many looks more says that it is silent; one over a slow line takes four ways there and back. */
const KNOCK_LOOKS = 8;
/** Whoever comes while it is silent waits so long to hear that it is back. */
const RETURN_MS = 500;

export interface Silence {
  /** Nobody needs to wait for it now. */
  readonly fallen: boolean;
  /** Has it knocked at again, and tells soon whether it is back. */
  returned(): Promise<boolean>;
  /** Somebody waits for an answer, until the returned is called. */
  waits(): () => void;
  /** It said something, be it a refusal. */
  heard(): void;
}

export interface SilenceOptions {
  readonly clock: Clock;
  /** Asks over a connection of its own, and resolves with whether anything came back; gives up by itself in the end. */
  readonly knock: () => Promise<boolean>;
  /** Nobody will be answered: told once each time. */
  readonly fell: () => void;
  readonly back: () => void;
}

/**
 * Tells a server that fell silent (frozen, unplugged) from a statement that takes long, within seconds instead of after the deadline
 * of the statement: whoever else waits is heard, or else a knock is. One short deadline for all statements was rejected, since it
 * would take a large page for an outage.
 */
export function watchSilence({ clock, knock, fell, back }: SilenceOptions): Silence {
  let waiting = 0;
  let quiet = 0;
  let fallen = false;
  let knocking: Promise<void> | undefined;
  let stop = (): void => undefined;

  const heard = (): void => {
    quiet = 0;
    if (!fallen) return;
    fallen = false;
    back();
  };
  const ask = (): Promise<void> => {
    knocking ??= knock().then((answered) => {
      knocking = undefined;
      if (answered) heard();
    });
    return knocking;
  };
  const look = (): void => {
    quiet++;
    if (quiet === QUIET_LOOKS) void ask();
    if (quiet < QUIET_LOOKS + KNOCK_LOOKS || fallen) return;
    fallen = true;
    fell();
  };

  return {
    get fallen() {
      return fallen;
    },
    async returned() {
      const patience = new AbortController();
      await Promise.race([ask(), clock.sleep(RETURN_MS, patience.signal)]);
      patience.abort();
      return !fallen;
    },
    heard,
    waits() {
      if (waiting++ === 0) {
        quiet = 0;
        stop = clock.every(LOOK_MS, look);
      }
      return () => {
        if (--waiting === 0) stop();
      };
    },
  };
}
