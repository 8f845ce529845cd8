import { type Act, type ActStore, type Clock, type Log, StoreUnavailable } from '#contracts';

/** As freezes are looked for: two looks fit into the second in which an act of another gateway must be heeded. */
const LOOK_MS = 500;
/** Acts that are written at once may appear out of order; so many of the last are looked at again. */
const AGAIN = 32;
/** Said in vain while the database is away. */
const MOST_UNSAID = 1_000;

export interface Acts {
  say(act: Act): void;
  /** Hears everything again, for rules and ramps that a reload has made. */
  again(): void;
  /** From now on; resolves when those of before are heard, or the database is away. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface ActsOptions {
  readonly store: ActStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Our own acts are heard, too. Must not throw for acts of another version. */
  readonly heard: (act: Act) => void;
}

/** What is decided on one gateway reaches all others through the database; away, it is said when that is back. */
export function createActs({ store, clock, log, heard }: ActsOptions): Acts {
  const known = new Map<number, Act>();
  let last = 0;
  let unsaid: Act[] = [];
  let working: Promise<void> | undefined;
  let cancel: () => void = () => undefined;

  const hear = (act: Act): void => {
    try {
      heard(act);
    } catch (error) {
      log('warn', 'act not understood', { route: act.route, of: act.of, reason: String(error) });
    }
  };
  const work = async (): Promise<void> => {
    for (let act = unsaid[0]; act; act = unsaid[0]) {
      await store.add(act);
      unsaid.shift();
    }
    for (const { id, act } of await store.since(Math.max(0, last - AGAIN))) {
      if (known.has(id)) continue;
      known.set(id, act);
      last = Math.max(last, id);
      hear(act);
    }
  };
  const look = (): Promise<void> => {
    working ??= work()
      // Away: what is decided here holds here. The keys say that the database is gone.
      .catch((error: unknown) => {
        if (!(error instanceof StoreUnavailable))
          log('error', 'acts could not be exchanged', { reason: String(error) });
      })
      .finally(() => {
        working = undefined;
      });
    return working;
  };

  return {
    say(act) {
      unsaid.push(act);
      if (unsaid.length > MOST_UNSAID) unsaid = unsaid.slice(-MOST_UNSAID);
      void look();
    },
    again() {
      for (const act of known.values()) hear(act);
    },
    async start() {
      await look();
      cancel = clock.every(LOOK_MS, () => void look());
    },
    async stop() {
      cancel();
      await working;
      if (unsaid.length > 0) await look();
    },
  };
}
