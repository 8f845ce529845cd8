import { buildRoutes, createClassify, limits, type OpenLedger, openLedger, parseConfig } from '#app';
import type {
  Clock,
  Config,
  DigestedExchange,
  EpochMs,
  Finished,
  RouteTable,
  Steerer,
  Transport,
} from '#contracts';
import { createGateway, type Gateway } from '#gateway';
import { createIdempotency } from '#idempotency';
import { systemClock, virtualClock } from '#kernel';
import {
  estimateUsage,
  findTranslator,
  lastWords,
  protocolByName,
  protocols,
  takeovers,
  withoutForeignThoughts,
} from '#protocols';
import { createPricer } from '#providers';
import { createRamps, type Ramps } from '#ramps';
import { createRouters, type Routers } from '#routers';
import { createSimulator, loadWorld, type Simulator, type Tally } from '#simulator';
import { createRedactor } from '#telemetry';
import { createTransport, listen } from '#wire';
import { callHandler, type Got, type Leaving, transportOver } from './in-process.ts';

/** What a caller saw, and when, on the clock of the rehearsal. */
export interface Seen extends Got {
  readonly ms: number;
}

export interface Question {
  /** Below the host, for instance `/v1/chat/completions`. */
  readonly path: string;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The caller closes the connection after so many milliseconds, or so many bytes of the answer. Virtual time only. */
  readonly leaves?: { readonly afterMs: number } | { readonly afterBytes: number };
}

/** One call on its way from the gateway to the provider. */
export interface Crossing {
  readonly at: EpochMs;
  readonly model: string;
  /** The model's line in the books of the provider just before; absent when it was never asked. */
  readonly before: Tally | undefined;
}

/**
 * The product's own data plane and the simulated provider on one clock, with nothing between them that the product does
 * not have: real routes from a real configuration, real protocols, prices and records.
 */
export interface Rehearsal {
  readonly clock: Clock;
  readonly simulator: Simulator;
  /** Everything recorded, in order of its end. */
  readonly finished: readonly Finished[];
  /** Calls between gateway and provider in order of time, seen on the wire: neither side has a hand in this list. */
  readonly crossings: readonly Crossing[];
  /** What the gateway knows of its targets. */
  readonly standing: Gateway['standing'];
  /** What is normal at each hour of the week, and how full the targets are. */
  readonly climate: Gateway['climate'];
  readonly seats: Gateway['seats'];
  /** How long targets keep their callers waiting, and why. */
  readonly weather: Gateway['weather'];
  /** Calls of its own on a schedule, where the configuration has one; made while they are ticked. */
  readonly probes: Gateway['probes'];
  /** What it knows of its fallbacks. */
  readonly proofs: Gateway['proofs'];
  /** Proves fallbacks by calls of its own, on the clock of the rehearsal. */
  readonly drill: Gateway['drill'];
  /** Routes in force. */
  table(): RouteTable;
  /** Another configuration of routes and providers, in force from the next ask on; ledgers stay as they are. */
  reconfigure(config: string): void;
  /** Quotas and budgets, where the configuration has any. */
  readonly ledger: OpenLedger | undefined;
  readonly ramps: Ramps;
  readonly routers: Routers;
  /** The same with bodies hashed, as the scribe would hand them to the database. */
  digested(): readonly DigestedExchange[];
  /** Through the gateway. */
  ask(question: Question): Promise<Seen>;
  /** The same without letting time pass, for callers who do not wait for one another; `run` lets it. */
  send(question: Question): Promise<Seen>;
  /** Past the gateway, straight to the provider: what an application without Midwatch does and sees. */
  askDirectly(question: Question): Promise<Seen>;
  /** The same without letting time pass. */
  sendDirectly(question: Question): Promise<Seen>;
  /** Lets time pass until the promise settles. */
  run<T>(promise: Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

export interface RehearsalOptions {
  readonly seed: number;
  /** World file, YAML. */
  readonly world: string;
  /** `midwatch.yaml`. */
  readonly config: string;
  /** Put between the gateway and the wire; what it keeps back never crosses. */
  readonly around?: (inner: Transport, clock: Clock) => Transport;
  /** Real sockets and real time instead of one process on a virtual clock. */
  readonly sockets?: boolean;
  /** Who may send an exchange to another tier, heard before ramps and routers. */
  readonly steer?: (house: { readonly clock: Clock; readonly config: Config }) => readonly Steerer[];
}

const PROVIDER = 'http://127.0.0.1:4005';

export function rehearse(options: RehearsalOptions): Rehearsal {
  const virtual = options.sockets ? undefined : virtualClock({ seed: options.seed });
  const clock = virtual ?? systemClock();
  const simulator = createSimulator({ clock, seed: options.seed, world: loadWorld(options.world) });
  let config = read(options.config);
  const finished: Finished[] = [];
  const crossings: Crossing[] = [];
  const listening = virtual ? undefined : simulator.listen({ host: '127.0.0.1', port: 0 });
  let table = buildRoutes(config, listening && { simulator: listening });
  const redactor = createRedactor();
  const sockets = virtual ? undefined : createTransport({ clock });
  const ledger = limits(config) ? openLedger(config, undefined, clock, () => undefined) : undefined;
  const carry = sockets?.transport ?? transportOver((request) => simulator.fetch(request));
  const steering = { clock, log: () => undefined, routes: config.routes };
  const ramps = createRamps(steering);
  const routers = createRouters({ ...steering, lastWords, classify: createClassify(carry, redactor, clock) });
  const wire = watched(carry, (model) =>
    crossings.push({ model, at: clock.now(), before: simulator.ledger().models[model] }),
  );
  const gateway = createGateway({
    clock,
    protocols,
    estimate: estimateUsage,
    translator: findTranslator,
    withoutForeignThoughts,
    takeovers,
    ledger: () => ledger,
    transport: options.around?.(wire, clock) ?? wire,
    keys: { empty: true, find: () => undefined },
    recorder: { record: (one) => finished.push(one), flush: () => Promise.resolve(), stats: () => NO_SPOOL },
    live: { publish: () => undefined, subscribe: () => () => undefined },
    pricer: createPricer(pricesOf(config)),
    redactor,
    steerers: [...(options.steer?.({ clock, config }) ?? []), ramps.steerer, routers.steerer],
    shadowers: [routers.shadower],
    routes: () => table,
    probes: () => config.probes,
    log: () => undefined,
    maxBody: config.limits.body,
  });
  // One caller: whoever asks without a key of his own goes straight through.
  const door = createIdempotency({
    clock,
    protocols,
    settings: () => config.idempotency,
    caller: () => 'everybody',
    handler: gateway.handle,
  });
  const server =
    listening &&
    listen({ host: '127.0.0.1', port: 0, clock, maxBody: config.limits.body, handler: door.handle });
  const run = <T>(promise: Promise<T>): Promise<T> => (virtual ? virtual.run(promise) : promise);
  const timed = async (got: Promise<Got>): Promise<Seen> => {
    const began = clock.monotonic();
    return { ...(await got), ms: clock.monotonic() - began };
  };
  const viaGateway = (question: Question): Promise<Got> =>
    server
      ? fetchWhole(fetch, server.url, question)
      : callHandler(door.handle, asCall(question), leavingOf(question, clock));
  const viaNothing = (question: Question): Promise<Got> =>
    listening
      ? fetchWhole(fetch, `http://127.0.0.1:${listening.port}`, question)
      : fetchWhole((request) => simulator.fetch(request), PROVIDER, question);
  return {
    clock,
    simulator,
    finished,
    crossings,
    standing: gateway.standing,
    climate: gateway.climate,
    weather: gateway.weather,
    probes: gateway.probes,
    seats: gateway.seats,
    proofs: gateway.proofs,
    drill: (order) => run(gateway.drill(order)),
    table: () => table,
    reconfigure(text) {
      config = read(text);
      table = buildRoutes(config, listening && { simulator: listening });
    },
    ledger,
    ramps,
    routers,
    digested: () => finished.map(digest),
    ask: (question) => run(timed(viaGateway(question))),
    send: (question) => timed(viaGateway(question)),
    askDirectly: (question) => run(timed(viaNothing(question))),
    sendDirectly: (question) => timed(viaNothing(question)),
    run,
    async stop() {
      await run(gateway.drain(0));
      await ledger?.stop();
      server?.stop(true);
      sockets?.close();
      await listening?.stop();
    },
  };
}

/** Tells the model of every call that crosses. */
const watched =
  (transport: Transport, crossed: (model: string) => void): Transport =>
  (request, taker) => {
    crossed(JSON.parse(new TextDecoder().decode(request.body)).model);
    return transport(request, taker);
  };

function read(text: string): Config {
  const parsed = parseConfig(text, {});
  if (!parsed.ok)
    throw new Error(`the drill's configuration is wrong: ${parsed.error.map((p) => p.message).join('; ')}`);
  return parsed.value;
}

const pricesOf = (config: Config) =>
  Object.fromEntries(
    Object.entries(config.providers).map(([name, { free, prices }]) => [
      name,
      { free, ...(prices && { prices }) },
    ]),
  );

function leavingOf({ leaves }: Question, clock: Clock): Leaving {
  if (leaves === undefined) return {};
  if ('afterBytes' in leaves) return leaves;
  return { when: (leave) => clock.after(leaves.afterMs, leave) };
}

const asCall = ({ path, body, headers }: Question) => ({
  path,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

async function fetchWhole(
  send: (request: Request) => Promise<Response>,
  host: string,
  question: Question,
): Promise<Got> {
  const { path, headers, body } = asCall(question);
  const response = await send(new Request(`${host}${path}`, { method: 'POST', headers, body }));
  return { status: response.status, headers: response.headers, ...(await readAll(response)) };
}

async function readAll(response: Response): Promise<{ readonly body: string; readonly broken: boolean }> {
  const decoder = new TextDecoder();
  let body = '';
  try {
    for await (const chunk of response.body ?? []) body += decoder.decode(chunk, { stream: true });
    return { body, broken: false };
  } catch {
    // However the break is worded, what counts is that the caller was not told of a clean end.
    return { body, broken: true };
  }
}

function digest(one: Finished): DigestedExchange {
  const { facts, ask, answer, declared } = one;
  const protocol = protocolByName(facts.protocol);
  if (!protocol) throw new Error(`nobody speaks ${facts.protocol}`);
  const digest = protocol.digest(ask ?? new Uint8Array(), answer, declared);
  return {
    exchange: {
      ...facts,
      release: digest.release,
      ...(digest.ask && { askRecord: digest.ask }),
      ...(digest.answer && { answerRecord: digest.answer }),
    },
    digest,
  };
}

const NO_SPOOL = {
  taken: 0,
  waiting: 0,
  bytes: 0,
  segments: 0,
  maxBytes: 0,
  dropped: 0,
  lagMs: 0,
} as const;
