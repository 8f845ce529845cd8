import type { Clock, Transport } from '#contracts';
import { Call } from './call.ts';
import { isToken } from './fields.ts';
import { Stage } from './outbox.ts';
import { createRouter, type Origin } from './route.ts';
import { Upstream } from './upstream.ts';

export interface TransportOptions {
  readonly clock: Clock;
  /** The proxy a URL is reached by, as `http://user:password@host:port`; undefined for a direct connection. */
  readonly proxy?: (url: string) => string | undefined;
  /** Certificates to trust beside the system's, PEM. */
  readonly ca?: string | readonly string[];
  /** How long an unused connection is kept when the server says nothing. */
  readonly idleMs?: number;
  readonly maxIdlePerHost?: number;
}

export interface TransportStats {
  /** Connections, opening ones included. */
  readonly open: number;
  /** Those of them without a call. */
  readonly idle: number;
}

/** What all connections of one transport share. */
export interface Pool {
  readonly clock: Clock;
  readonly stage: Stage;
  readonly ca: readonly string[];
  readonly open: Set<Upstream>;
  /** Sends a call on its way; `fresh` when it must not meet a stale connection again. */
  dispatch(call: Call, fresh: boolean): void;
  /** Takes back a connection whose answer is over. `seconds`: how long the server keeps it, if it said so. */
  giveBack(upstream: Upstream, seconds: number | undefined): void;
  /** An unused connection was closed. */
  lose(upstream: Upstream): void;
}

/** Outgoing HTTP/1.1 calls over kept connections, told by callbacks. */
export function createTransport(options: TransportOptions): {
  readonly transport: Transport;
  /** Closes every connection; calls under way fail. */
  close(): void;
  stats(): TransportStats;
} {
  const { clock } = options;
  const idleSeconds = Math.max(1, Math.floor((options.idleMs ?? 60_000) / 1000));
  const maxIdle = options.maxIdlePerHost ?? 1024;
  const { route, origins } = createRouter(options.proxy ?? (() => undefined));
  const open = new Set<Upstream>();
  let idle = 0;
  let tick = 0;
  let cancelTicks: (() => void) | undefined;
  let closed = false;

  const rest = () => {
    if (idle > 0) return;
    cancelTicks?.();
    cancelTicks = undefined;
  };
  const sweep = () => {
    tick++;
    for (const origin of origins.values())
      for (const upstream of origin.idle.filter((one) => one.expires <= tick)) upstream.terminate();
  };
  const take = (origin: Origin): Upstream | undefined => {
    const upstream = origin.idle.pop();
    if (upstream === undefined) return undefined;
    idle--;
    return upstream;
  };

  const pool: Pool = {
    clock,
    stage: new Stage(),
    ca: typeof options.ca === 'string' ? [options.ca] : (options.ca ?? []),
    open,
    dispatch(call, fresh) {
      const { origin } = call.route;
      const upstream = (fresh ? undefined : take(origin)) ?? new Upstream(pool, origin);
      upstream.carry(call);
    },
    giveBack(upstream, seconds) {
      const { idle: waiting } = upstream.origin;
      // A second less than the server promises, or our next request meets its goodbye.
      const keep = seconds === undefined ? idleSeconds : Math.min(idleSeconds, seconds - 1);
      if (closed || keep < 1 || waiting.length >= maxIdle) return upstream.terminate();
      upstream.expires = tick + keep;
      waiting.push(upstream);
      idle++;
      cancelTicks ??= clock.every(1000, sweep);
    },
    lose(upstream) {
      const { idle: waiting } = upstream.origin;
      const at = waiting.lastIndexOf(upstream);
      if (at < 0) return;
      waiting.splice(at, 1);
      idle--;
      rest();
    },
  };

  return {
    transport(request, taker) {
      const found = isToken(request.method) ? readRoute(request.url) : 'The method cannot be written.';
      if (typeof found === 'string') {
        taker.fail({ kind: 'connect', detail: found });
        return NOTHING;
      }
      const call = new Call(request, found, taker);
      if (closed) call.fail({ kind: 'connect', detail: 'The transport is closed.' });
      else pool.dispatch(call, request.fresh === true);
      return call;
    },
    close() {
      closed = true;
      for (const upstream of [...open]) upstream.terminate();
      // A connection that was in use left no idle one behind to stop them, and a timer keeps a process from its end.
      rest();
    },
    stats: () => ({ open: open.size, idle }),
  };

  function readRoute(url: string) {
    try {
      return route(url) ?? 'This is no http or https URL.';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

const NOTHING = { cancel() {}, pause() {}, resume() {} };
