import type { Clock, MonotonicMs, Transport } from '#contracts';
import type { Lag } from '#kernel';
import { Flight, type Landing } from './attempt.ts';
import type { Held } from './held.ts';
import type { Prepared } from './prepare.ts';
import type { Walk } from './walk.ts';
import type { Watchdog } from './watchdog.ts';

export interface FlyContext {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly watchdog: Watchdog;
  readonly lag: Lag;
  readonly unsent: Held;
}

/** A call under way, and where it will land. Never rejects: whatever happens is a landing. */
export interface Flown {
  readonly flight: Flight;
  readonly landed: Promise<Landing>;
}

/** Makes one call and follows it to the commit gate. */
export function fly(ctx: FlyContext, deadline: MonotonicMs, walk: Walk, { one, request }: Prepared): Flown {
  const { promise: landed, resolve } = Promise.withResolvers<Landing>();
  const { protocol, translator } = one.step;
  const flight = new Flight(
    {
      clock: ctx.clock,
      transport: ctx.transport,
      watchdog: ctx.watchdog,
      lag: ctx.lag,
      unsent: ctx.unsent,
      protocol,
      walk,
      one,
      deadline,
      request,
      speech: translator && {
        translator,
        context: {
          exchange: walk.id,
          model: walk.facets.model,
          at: walk.at,
          ask: walk.body as Uint8Array,
        },
      },
    },
    resolve,
  );
  walk.flight = flight;
  flight.start();
  walk.own += ctx.clock.monotonic() - one.start;
  return { flight, landed };
}
