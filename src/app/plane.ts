import type {
  Clock,
  KeyRing,
  LiveFeed,
  Log,
  Recorder,
  Redactor,
  Shadower,
  Steerer,
  Transport,
} from '#contracts';
import { createGateway, type Gateway, type LedgerPorts } from '#gateway';
import { createLag } from '#kernel';
import { estimateUsage, findTranslator, protocols, takeovers, withoutForeignThoughts } from '#protocols';
import { PRICE_LIST } from '#providers';
import type { Active } from './active.ts';
import { VERSION } from './version.ts';

export interface PlaneOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly transport: Transport;
  readonly keys: KeyRing;
  readonly recorder: Recorder;
  readonly live: LiveFeed;
  readonly redactor: Redactor;
  readonly ledger: () => LedgerPorts | undefined;
  readonly steerers: readonly Steerer[];
  readonly shadowers: readonly Shadower[];
  readonly thread: { readonly number: number; readonly of: number };
  /** Houses that share the callers, this one included. */
  readonly houses: () => number;
  /** What is in force now; a reload replaces it as a whole. */
  readonly active: () => Active;
  /** Largest request body, bytes. */
  readonly maxBody: number;
}

/** Stalls of our own are counted all, and logged once in so long, ms. */
const TELL_AGAIN = 10_000;

/** The data plane of one thread; every thread that serves has one of its own, made alike. */
export function openPlane({ active, ...given }: PlaneOptions): Gateway {
  const { clock, log } = given;
  /** One that comes again and again is told once in a while. */
  let told = Number.NEGATIVE_INFINITY;
  return createGateway({
    ...given,
    protocols,
    version: VERSION,
    pricer: {
      price: (priced) => active().pricer.price(priced),
      version: PRICE_LIST,
    },
    estimate: estimateUsage,
    translator: findTranslator,
    withoutForeignThoughts,
    takeovers,
    routes: () => active().table,
    probes: () => active().loaded.config.probes,
    lag: (busy) =>
      createLag(clock, busy, (ms) => {
        if (clock.monotonic() - told < TELL_AGAIN) return;
        told = clock.monotonic();
        log('warn', 'Midwatch itself stood still; times of that are held against no provider', {
          ms: Math.round(ms),
        });
      }),
  });
}
