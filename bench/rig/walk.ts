import { buildRoutes, createClassify, openLedger, parseConfig } from '#app';
import type { Clock, Incoming, KeyRecord, Outgoing, Transport } from '#contracts';
import { createGateway } from '#gateway';
import { createIdempotency } from '#idempotency';
import { sha256, systemClock } from '#kernel';
import {
  estimateUsage,
  findTranslator,
  lastWords,
  protocols,
  takeovers,
  withoutForeignThoughts,
} from '#protocols';
import { createPricer } from '#providers';
import { createRamps } from '#ramps';
import { createRouters } from '#routers';
import { createRedactor } from '#telemetry';
import { createTiers } from '#tiers';

/** What a provider answers, in the order in which it comes. */
export interface Answer {
  readonly type: string;
  readonly parts: readonly Uint8Array[];
}

/** Asks the same again and again; resolves when the answer is over. */
export type Walk = (number: number) => Promise<void>;

const KEY = 'mw_bench';
const NOTHING_RUNS = { cancel: () => undefined, pause: () => undefined, resume: () => undefined };
const MUTE = () => undefined;

/**
 * The product's own data plane in this process, without sockets and without a record on disk: what is left is the walk through
 * the gateway, which is what a feature of a route makes longer.
 */
export function walkThrough(
  text: string,
  /** `named`: each call with an Idempotency-Key of its own. */
  ask: { readonly body: Uint8Array; readonly named?: boolean },
  answer: Answer,
): { readonly walk: Walk; stop(): Promise<void> } {
  const parsed = parseConfig(text, {});
  if (!parsed.ok) throw new Error(parsed.error.map((problem) => problem.message).join('; '));
  const config = parsed.value;
  const clock = systemClock();
  const redactor = createRedactor();
  const table = buildRoutes(config);
  const transport = answering(answer);
  const ledger =
    Object.keys(config.budgets).length > 0 || Object.values(config.providers).some((p) => p.quota)
      ? openLedger(config, undefined, clock, MUTE)
      : undefined;
  const keys = new Map([[sha256(KEY), keyRecord(clock)]]);
  const ramps = createRamps({ clock, log: MUTE, routes: config.routes });
  const routers = createRouters({
    clock,
    log: MUTE,
    routes: config.routes,
    lastWords,
    classify: createClassify(transport, redactor, clock),
  });
  const tiers = createTiers({
    clock,
    config,
    record: { hours: async () => [], tenants: async () => [], users: async () => [] },
    late: () => 0,
    log: MUTE,
  });
  const gateway = createGateway({
    clock,
    protocols,
    transport,
    keys: { empty: false, find: (hash) => keys.get(hash) },
    recorder: { record: MUTE, flush: async () => undefined, stats: () => NO_SPOOL },
    live: { publish: MUTE, subscribe: () => MUTE },
    pricer: createPricer({
      openai: { priceId: 'openai', free: false },
      anthropic: { priceId: 'anthropic', free: false },
    }),
    estimate: estimateUsage,
    translator: findTranslator,
    withoutForeignThoughts,
    takeovers,
    ledger: () => ledger,
    redactor,
    steerers: [tiers.steerer, ramps.steerer, routers.steerer],
    shadowers: [routers.shadower],
    routes: () => table,
    log: MUTE,
    maxBody: config.limits.body,
  });
  const idempotency = createIdempotency({
    clock,
    protocols,
    settings: () => config.idempotency,
    caller: () => 'bench',
    handler: gateway.handle,
  });
  const headers = {
    authorization: `Bearer ${KEY}`,
    'content-type': 'application/json',
    'content-length': String(ask.body.length),
  };
  // A connection's: what a caller says with every call of it is taken apart once.
  const same = {};
  const incoming: Incoming = {
    method: 'POST',
    path: '/v1/chat/completions',
    query: '',
    headers,
    peer: { address: '127.0.0.1', loopback: true },
    same,
  };
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  promise.catch(MUTE);
  const walk: Walk = (number) =>
    new Promise<void>((done) => {
      const outgoing: Outgoing = {
        onLeft: undefined,
        onDrain: undefined,
        send(status, _, body) {
          if (status !== 200) reject(new Error(`${status}: ${String(body)}`));
          done();
        },
        begin: MUTE,
        write: () => true,
        end: done,
        break: () => done(reject(new Error('the answer broke off'))),
      };
      const call = ask.named
        ? { ...incoming, headers: { ...headers, 'idempotency-key': `call ${number}` } }
        : incoming;
      idempotency.handle(call, outgoing)?.(ask.body);
    });
  return {
    walk,
    async stop() {
      resolve();
      await promise;
      idempotency.stop();
      await gateway.drain(0);
      await ledger?.stop();
    },
  };
}

/** A provider without a network; it answers in the next turn, as a socket would. */
const answering =
  ({ type, parts }: Answer): Transport =>
  (_, taker) => {
    queueMicrotask(() => {
      taker.connected();
      taker.head(200, { 'content-type': type });
      for (const part of parts) taker.data(part);
      taker.end();
    });
    return NOTHING_RUNS;
  };

const keyRecord = (clock: Clock): KeyRecord => ({
  id: 'k1',
  name: 'bench',
  hash: sha256(KEY),
  createdAt: clock.now(),
  hint: 'mw_…',
});

const NO_SPOOL = { taken: 0, waiting: 0, bytes: 0, segments: 0, maxBytes: 0, dropped: 0, lagMs: 0 };
