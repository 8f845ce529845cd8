import type { Clock, Log } from '#contracts';
import { type Bill, type Ledger, ledger } from './ledger.ts';
import { responder } from './respond.ts';
import { fetchInProcess } from './wire/in-process.ts';
import { type Listening, listen, type Performer } from './wire/listen.ts';
import { EMPTY_WORLD, type World } from './world/schema.ts';

export interface SimulatorOptions {
  /** Real or virtual: the only source of time, latency included. */
  readonly clock: Clock;
  /** Same seed, same world, same calls in the same order: same answers, latencies and faults. */
  readonly seed?: number | string;
  readonly world?: World;
  readonly log?: Log;
}

export interface Simulator {
  readonly world: World;
  /**
   * In process, no sockets. A torn connection rejects (or errors the body) with `code: 'ECONNRESET'`; silence never
   * settles until the request's signal aborts, and then with its reason.
   */
  fetch(request: Request): Promise<Response>;
  /** A real HTTP/1.1 server. Port 0 takes any free one. Throws when the address is taken. */
  listen(at: { readonly host?: string; readonly port: number }): Listening;
  /** What was asked, answered and billed since the start, by the model that callers named. */
  ledger(): Ledger;
  /** The same call by call, as `GET /sim/bill` answers it. */
  bill(): Bill;
}

export function createSimulator(options: SimulatorOptions): Simulator {
  const { clock, seed = 1, world = EMPTY_WORLD, log } = options;
  const book = ledger((model) => world.models[world.aliases[model] ?? model]?.prices);
  const performer: Performer = {
    respond: responder(clock, seed, world, book),
    settle(script, played) {
      const billed = book.settle(script, played);
      if (billed) script.answered?.(billed);
      log?.('debug', 'simulator.answer', {
        model: script.model,
        status: script.opening === 'answer' ? script.status : script.opening,
        ending: played.how === 'left' ? 'left' : script.ending,
        tokens: played.tokens,
      });
    },
  };
  return {
    world,
    fetch: (request) => fetchInProcess(request, clock, performer),
    listen: (at) => listen(at, clock, performer, log ?? (() => undefined)),
    ledger: book.read,
    bill: book.bill,
  };
}
