import {
  type Clock,
  type DigestedExchange,
  type ExchangeWriter,
  type Log,
  StoreUnavailable,
} from '#contracts';
import { patiently } from '#kernel';
import { messageOf } from '../message.ts';
import { createBackoff } from './backoff.ts';

export interface Parcel {
  readonly digested: DigestedExchange;
}

export interface DeliverOptions<P extends Parcel> {
  readonly writer: ExchangeWriter;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Shortest and longest wait between two tries, milliseconds. */
  readonly backoff: { readonly min: number; readonly max: number };
  /** A write that has not settled after so long counts as failed, milliseconds; trying again is harmless because writes are idempotent. */
  readonly writeTimeoutMs: number;
  /** Puts an exchange aside that the database refuses by itself. */
  readonly park: (parcel: P, reason: string) => void;
}

export interface Delivery<P extends Parcel> {
  /** True when each parcel is in the database or parked; false when the signal aborted first. Rejects only with what `park` throws. */
  deliver(parcels: readonly P[]): Promise<boolean>;
  readonly inserted: number;
  /** Why nothing can be written at the moment. */
  readonly trouble: string | undefined;
}

/**
 * A refusal of every single exchange is taken for a database in trouble, not for a batch full of poison, until it has been
 * seen so often (about a minute with the default backoff). Parking is then still not losing: parked frames can be put back.
 */
const ROUNDS_BEFORE_ALL_ARE_PARKED = 8;

/** Writes batches, waits while the database is away, and finds the one exchange that it refuses by halving. */
export function createDelivery<P extends Parcel>(options: DeliverOptions<P>): Delivery<P> {
  const { writer, clock, log, signal, park, writeTimeoutMs } = options;
  const backoff = createBackoff(clock, options.backoff);
  let inserted = 0;
  let trouble: string | undefined;

  async function write(parcels: readonly P[]): Promise<void> {
    const { promise: hung, reject } = Promise.withResolvers<never>();
    const cancel = patiently(clock, writeTimeoutMs, () =>
      reject(new StoreUnavailable(`no answer within ${writeTimeoutMs} ms`)),
    );
    try {
      inserted += (await Promise.race([writer.write(parcels.map((p) => p.digested)), hung])).inserted;
    } finally {
      cancel();
    }
  }

  async function pause(error: unknown): Promise<void> {
    if (trouble === undefined) log('error', 'scribe.waiting', { reason: messageOf(error) });
    trouble = messageOf(error);
    await backoff.wait(signal);
  }

  function well(): void {
    if (trouble !== undefined) log('info', 'scribe.resumed', { after: trouble, tries: backoff.tries });
    trouble = undefined;
    backoff.reset();
  }

  /** Writes until it succeeds, is refused (the reason comes back) or the signal aborts. */
  async function attempt(
    parcels: readonly P[],
  ): Promise<'written' | 'aborted' | { readonly refused: unknown }> {
    while (!signal.aborted) {
      try {
        await write(parcels);
        well();
        return 'written';
      } catch (error) {
        if (!isAway(error)) return { refused: error };
        await pause(error);
      }
    }
    return 'aborted';
  }

  /** Halves until what is refused stands alone; returns those, or undefined when aborted. `one` is told of each success. */
  async function isolate(parcels: readonly P[], one: () => void): Promise<Refused<P>[] | undefined> {
    const result = await attempt(parcels);
    if (result === 'aborted') return undefined;
    if (result === 'written') {
      one();
      return [];
    }
    const [only] = parcels;
    if (parcels.length === 1 && only) return [{ parcel: only, reason: messageOf(result.refused) }];
    const middle = parcels.length >> 1;
    const left = await isolate(parcels.slice(0, middle), one);
    const right = left && (await isolate(parcels.slice(middle), one));
    return right && [...left, ...right];
  }

  return {
    get inserted() {
      return inserted;
    },
    get trouble() {
      return trouble;
    },
    async deliver(parcels) {
      let open = parcels;
      for (let round = 1; open.length > 0; round++) {
        let successes = 0;
        const refused = await isolate(open, () => successes++);
        if (!refused) return false;
        if (successes > 0 || round >= ROUNDS_BEFORE_ALL_ARE_PARKED) {
          for (const { parcel, reason } of refused) park(parcel, reason);
          return true;
        }
        open = refused.map(({ parcel }) => parcel);
        await pause(refused[0]?.reason);
        if (signal.aborted) return false;
      }
      return true;
    },
  };
}

interface Refused<P> {
  readonly parcel: P;
  readonly reason: string;
}

/** By name as well: an error that crossed a thread or came from another copy of the module is no instance of ours. */
const isAway = (error: unknown): boolean =>
  error instanceof StoreUnavailable || (error instanceof Error && error.name === 'StoreUnavailable');
