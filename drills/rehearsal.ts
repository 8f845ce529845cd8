import { buildRoutes, parseConfig } from '#app';
import type { Clock, Config, DigestedExchange, Finished, Upstream } from '#contracts';
import { createGateway } from '#gateway';
import { systemClock, virtualClock } from '#kernel';
import { estimateUsage, protocolByName, protocols } from '#protocols';
import { createPricer } from '#providers';
import { createSimulator, loadWorld, type Simulator } from '#simulator';
import { createRedactor } from '#telemetry';

/** What a caller saw, and when, on the clock of the rehearsal. */
export interface Seen {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** The connection broke before the body was over. */
  readonly broken: boolean;
  readonly ms: number;
}

export interface Question {
  /** Below the host, for instance `/v1/chat/completions`. */
  readonly path: string;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
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
  /** The same with bodies hashed, as the scribe would hand them to the database. */
  digested(): readonly DigestedExchange[];
  /** Through the gateway. */
  ask(question: Question): Promise<Seen>;
  /** Past the gateway, straight to the provider: what an application without Midwatch does and sees. */
  askDirectly(question: Question): Promise<Seen>;
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
  /** Real sockets and real time instead of one process on a virtual clock. */
  readonly sockets?: boolean;
}

const LOOPBACK = {
  peer: () => ({ address: '127.0.0.1', loopback: true }),
  keepOpen: () => undefined,
} as const;
const HOST = 'http://127.0.0.1:4004';
const PROVIDER = 'http://127.0.0.1:4005';

export function rehearse(options: RehearsalOptions): Rehearsal {
  const virtual = options.sockets ? undefined : virtualClock({ seed: options.seed });
  const clock = virtual ?? systemClock();
  const simulator = createSimulator({ clock, seed: options.seed, world: loadWorld(options.world) });
  const config = read(options.config);
  const finished: Finished[] = [];
  const listening = virtual ? undefined : simulator.listen({ host: '127.0.0.1', port: 0 });
  const table = buildRoutes(config, listening);
  const redactor = createRedactor();
  const gateway = createGateway({
    clock,
    protocols,
    estimate: estimateUsage,
    upstream: virtual ? inProcess(simulator) : overSockets,
    keys: { empty: true, find: () => undefined },
    recorder: { record: (one) => finished.push(one), flush: () => Promise.resolve(), stats: () => NO_SPOOL },
    live: { publish: () => undefined, subscribe: () => () => undefined },
    pricer: createPricer(pricesOf(config)),
    redactor,
    routes: () => table,
    log: () => undefined,
    maxBody: config.limits.body,
  });
  const server = listening && serve(gateway);
  const run = <T>(promise: Promise<T>): Promise<T> => (virtual ? virtual.run(promise) : promise);
  const send = async (call: (request: Request) => Promise<Response>, host: string, question: Question) => {
    const began = clock.monotonic();
    const response = await call(requestOf(host, question));
    const { body, broken } = await readAll(response);
    return {
      status: response.status,
      headers: response.headers,
      body,
      broken,
      ms: clock.monotonic() - began,
    };
  };
  const viaGateway = (request: Request) => {
    const answer = server ? fetch(request) : gateway.handle(request, LOOPBACK);
    if (!answer) throw new Error(`the gateway does not serve ${request.url}`);
    return answer;
  };
  const viaNothing = (request: Request) => (listening ? fetch(request) : simulator.fetch(request));
  return {
    clock,
    simulator,
    finished,
    digested: () => finished.map(digest),
    ask: (question) => run(send(viaGateway, server?.url ?? HOST, question)),
    askDirectly: (question) =>
      run(send(viaNothing, listening ? `http://127.0.0.1:${listening.port}` : PROVIDER, question)),
    run,
    async stop() {
      await run(gateway.drain(0));
      await server?.stop();
      await listening?.stop();
    },
  };
}

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

const inProcess =
  (simulator: Simulator): Upstream =>
  ({ url, method, headers, body, signal }) =>
    simulator.fetch(
      new Request(url, { method, headers, signal, ...(body && { body: body as Uint8Array<ArrayBuffer> }) }),
    );

const overSockets: Upstream = ({ url, method, headers, body, signal }) =>
  fetch(url, { method, headers, signal, ...(body && { body: body as Uint8Array<ArrayBuffer> }) });

function serve(gateway: ReturnType<typeof createGateway>) {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    development: false,
    fetch: (request) => gateway.handle(request, LOOPBACK) ?? new Response('no such path', { status: 404 }),
    // A stream that was broken on purpose arrives here; its connection is gone already.
    error: () => new Response('', { status: 500 }),
  });
  return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) };
}

const requestOf = (host: string, { path, body, headers }: Question): Request =>
  new Request(`${host}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

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
