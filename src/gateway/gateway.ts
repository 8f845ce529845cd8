import type {
  AskFacets,
  Clock,
  ExchangeId,
  Failure,
  KeyRing,
  LiveFeed,
  Log,
  Pricer,
  Protocol,
  Reading,
  Recorder,
  Redactor,
  Route,
  RouteTable,
  Upstream,
  Who,
} from '#contracts';
import { exchangeIds } from '#kernel';
import { type Connection, createAdmission } from './admit.ts';
import type { Landing, Line } from './attempt.ts';
import { readBody } from './body.ts';
import { dispatch } from './dispatch.ts';
import { movesOn, outcomeOf, seen } from './failures.ts';
import { readDeclared, readHeaders, readPlace, readWho, type Said } from './headers.ts';
import { listModels } from './models.ts';
import { plan } from './plan.ts';
import { dollars, type Ending, finish } from './record.ts';
import { relay } from './relay.ts';
import { closeTry, type Estimate, type Try, type Walk } from './walk.ts';
import { createWatchdog } from './watchdog.ts';

export interface GatewayPorts {
  readonly clock: Clock;
  readonly protocols: readonly Protocol[];
  readonly upstream: Upstream;
  readonly keys: KeyRing;
  readonly recorder: Recorder;
  readonly live: LiveFeed;
  readonly pricer: Pricer;
  readonly estimate: Estimate;
  readonly redactor: Redactor;
  readonly routes: () => RouteTable;
  readonly log: Log;
  /** Largest request body, bytes. */
  readonly maxBody: number;
}

export interface Gateway {
  /** The data plane: `/v1/…`. Undefined when the path is none of its own. */
  handle(request: Request, connection: Connection): Promise<Response> | undefined;
  stats(): GatewayStats;
  /** Refuses what is new, lets what runs go on for `ms`, then ends it with an error of its own dialect. */
  drain(ms: number): Promise<void>;
}

export interface GatewayStats {
  readonly inFlight: number;
  readonly streams: number;
  readonly requests: number;
  readonly authFailures: number;
}

/** How long a call may run before we listen for its caller leaving and keep its connection open; both cost a fifth of a short call. */
const LISTEN_AFTER = 15;
/** Time for clients to read the last event after a shutdown has ended their streams. */
const AFTER_DRAIN = 50;

export function createGateway(ports: GatewayPorts): Gateway {
  const { clock } = ports;
  const nextId = exchangeIds(clock);
  const admission = createAdmission(ports.keys, clock);
  const watchdog = createWatchdog(clock);
  const byPath = new Map(ports.protocols.map((p) => [`/v1${p.path}`, p]));
  const lines = new Set<{ line?: Line }>();
  let draining = false;
  let inFlight = 0;
  let streams = 0;
  let requests = 0;
  let idle: () => void = () => undefined;

  const left = () => {
    inFlight--;
    if (inFlight === 0) idle();
  };

  const close = (walk: Walk, ending: Ending) => {
    const finished = finish(walk, ending, clock.monotonic());
    ports.recorder.record(finished);
    ports.live.publish(finished.facts);
    left();
  };

  /** An error of ours, in the caller's dialect, recorded. */
  const refuse = (walk: Walk, failure: Failure): Response => {
    const { status, body } = walk.protocol.writeError(failure, walk.id);
    close(walk, { outcome: outcomeOf(failure.kind), failure, status });
    return new Response(body, {
      status,
      headers: tell(
        walk,
        { 'content-type': 'application/json', ...retryAfter(failure) },
        outcomeOf(failure.kind),
      ),
    });
  };

  async function ask(
    protocol: Protocol,
    request: Request,
    connection: Connection,
    query: string,
  ): Promise<Response> {
    const start = clock.monotonic();
    inFlight++;
    requests++;
    const said = readHeaders(request.headers);
    const id = nextId();
    const walk: Walk = {
      id,
      at: clock.now(),
      start,
      protocol,
      who: NOBODY,
      place: readPlace(said),
      declared: readDeclared(said),
      talks: talks(said),
      facets: UNREAD,
      body: undefined,
      route: undefined,
      attempts: [],
      own: 0,
    };
    const admitted = admission.admit(said.credential, connection.peer);
    const key = admitted.ok ? admitted.value : undefined;
    walk.who = readWho(said, key);
    if (draining) return refuse(walk, seen('shutting_down'));
    if (!admitted.ok) return refuse(walk, admitted.error);

    const before = clock.monotonic();
    const body = await readBody(request, ports.maxBody);
    const waited = clock.monotonic() - before;
    if (!body.ok) return refuse(walk, body.error);
    walk.body = body.value;
    const read = protocol.readAsk(body.value);
    if (!read.ok) return refuse(walk, read.error);
    walk.facets = read.value.facets;
    const found = findRoute(ports.routes(), walk.facets, protocol, said);
    if ('kind' in found) return refuse(walk, found);
    walk.route = found;
    if (key?.routes && !key.routes.includes(found.name)) return refuse(walk, forbidden(key.name, found.name));
    const steps = plan(found, protocol);
    if (steps.length === 0)
      return canned(walk, mismatch(found, protocol)) ?? refuse(walk, mismatch(found, protocol));

    const total = Math.min(found.config.timeouts.total, deadlineOf(said));
    const held: { line?: Line } = {};
    lines.add(held);
    const listening = listen(request, connection, () => held.line?.cut('client_left'));
    walk.own = clock.monotonic() - start - waited;
    const { one, landing } = await dispatch(
      {
        clock,
        upstream: ports.upstream,
        pricer: ports.pricer,
        estimate: ports.estimate,
        watchdog,
        deadline: start + total,
        headers: said.forward,
        query,
        ask: read.value,
        onLine: (line) => {
          held.line = line;
        },
      },
      walk,
      steps,
    );
    const landed = clock.monotonic();
    if (landing.kind === 'streaming')
      return stream(walk, one, landing, held, listening, start + total, landed);
    listening();
    lines.delete(held);
    return landing.kind === 'whole' ? whole(walk, one, landing, landed) : failed(walk, landing, landed);
  }

  function whole(walk: Walk, one: Try, landing: Landing & { kind: 'whole' }, landed: number): Response {
    const { reading, head } = landing;
    const why = reading.failure && { failure: reading.failure };
    const served = closeTry(one, ports, walk, { ...why, outcome: reading.outcome, reading });
    walk.attempts.push(served);
    const first = one.start - walk.start + (one.firstByte ?? 0);
    const headers = tell(walk, head.headers, reading.outcome);
    const bill = walk.attempts.reduce((sum, a) => sum + a.cost.microUsd, 0);
    headers['x-midwatch-cost-usd'] = dollars(bill);
    walk.own += clock.monotonic() - landed;
    headers['x-midwatch-overhead-ms'] = walk.own.toFixed(3);
    close(walk, {
      ...why,
      outcome: reading.outcome,
      status: head.status,
      reading,
      firstByte: first,
      firstToken: first,
    });
    return new Response(landing.body as Uint8Array<ArrayBuffer>, { status: head.status, headers });
  }

  function stream(
    walk: Walk,
    one: Try,
    landing: Landing & { kind: 'streaming' },
    held: { line?: Line },
    listening: () => void,
    deadline: number,
    landed: number,
  ): Response {
    streams++;
    const { head } = landing;
    const route = walk.route as Route;
    const offset = one.start - walk.start;
    const body = relay({
      clock,
      stream: landing.stream,
      idle: route.config.timeouts.idle,
      deadline,
      writeError: (failure) => walk.protocol.writeStreamError(failure, walk.id),
      lastWords: (reading) => (walk.talks ? lastWords(walk, one, reading) : undefined),
      own: (ms) => {
        walk.own += ms;
      },
      onEnd({ reading, failure, gaps }) {
        streams--;
        listening();
        lines.delete(held);
        const outcome = failure ? outcomeOf(failure.kind) : reading.outcome;
        walk.attempts.push(closeTry(one, ports, walk, { outcome, ...(failure && { failure }), reading }));
        close(walk, {
          outcome,
          ...(failure && { failure }),
          status: head.status,
          reading,
          gaps,
          ...(one.firstByte !== undefined && { firstByte: offset + one.firstByte }),
          ...(one.firstToken !== undefined && { firstToken: offset + one.firstToken }),
        });
      },
    });
    const headers = tell(walk, head.headers, undefined, one);
    walk.own += clock.monotonic() - landed;
    headers['x-midwatch-overhead-ms'] = walk.own.toFixed(3);
    return new Response(body, { status: head.status, headers });
  }

  const lastWords = (walk: Walk, one: Try, reading: Reading): string => {
    const served = closeTry(one, ports, walk, { outcome: reading.outcome, reading });
    const bill = walk.attempts.reduce((sum, a) => sum + a.cost.microUsd, served.cost.microUsd);
    return `: midwatch exchange=${walk.id} outcome=${reading.outcome} attempts=${walk.attempts.length + 1} cost-usd=${dollars(bill)}\n\n`;
  };

  /** The provider's own error passes to a caller of its dialect as it is, unless it speaks of our credential. */
  function failed(walk: Walk, landing: Landing & { kind: 'failed' }, landed: number): Response {
    const { failure, refusal } = landing;
    const reply = movesOn(failure) ? canned(walk, failure) : undefined;
    if (reply) return reply;
    walk.own += clock.monotonic() - landed;
    if (!refusal || failure.kind === 'provider_auth') return refuse(walk, withAttempts(failure, walk));
    close(walk, { outcome: outcomeOf(failure.kind), failure, status: refusal.status });
    return new Response(masked(ports.redactor, refusal.body), {
      status: refusal.status,
      headers: tell(walk, refusal.headers, outcomeOf(failure.kind)),
    });
  }

  /**
   * The route's canned tier: a 200 with a text of the operator's, when no model answered. Whoever reads the record sees the
   * failure that led here, not a success.
   */
  function canned(walk: Walk, failure: Failure): Response | undefined {
    const tier = walk.route?.tiers.find((t) => t.reply !== undefined);
    const { stream, model } = walk.facets;
    const body =
      tier?.reply === undefined
        ? undefined
        : walk.protocol.writeReply?.({ text: tier.reply, exchange: walk.id, model, at: walk.at, stream });
    if (!tier || body === undefined) return undefined;
    close(walk, { outcome: outcomeOf(failure.kind), failure, status: 200, tier: tier.name });
    const headers = tell(
      walk,
      { 'content-type': stream ? 'text/event-stream' : 'application/json' },
      outcomeOf(failure.kind),
    );
    headers['x-midwatch-tier'] = tier.name;
    headers['x-midwatch-degraded'] = tier.name;
    return new Response(body, { headers });
  }

  function listen(request: Request, connection: Connection, onLeave: () => void): () => void {
    let signal: AbortSignal | undefined;
    const dog = watchdog.watch(() => {
      connection.keepOpen();
      signal = request.signal;
      if (signal.aborted) onLeave();
      else signal.addEventListener('abort', onLeave, { once: true });
    });
    dog.expect('client_left', LISTEN_AFTER);
    return () => {
      dog.stop();
      signal?.removeEventListener('abort', onLeave);
    };
  }

  return {
    handle(request, connection) {
      const from = request.url.indexOf('/', 8);
      const mark = request.url.indexOf('?', from);
      const path = mark < 0 ? request.url.slice(from) : request.url.slice(from, mark);
      const protocol = byPath.get(path);
      if (protocol) {
        if (request.method !== 'POST') return Promise.resolve(wrongMethod(protocol, nextId(), 'POST'));
        return ask(protocol, request, connection, mark < 0 ? '' : request.url.slice(mark + 1));
      }
      if (path === '/v1/models' && request.method === 'GET')
        return listModels(
          { ...ports, admit: (credential) => admission.admit(credential, connection.peer), nextId },
          request,
        );
      return undefined;
    },
    stats: () => ({ inFlight, streams, requests, authFailures: admission.failures }),
    async drain(ms) {
      draining = true;
      if (inFlight === 0) return;
      const done = new Promise<void>((resolve) => {
        idle = resolve;
      });
      await Promise.race([done, clock.sleep(ms)]);
      for (const { line } of lines) line?.cut('shutting_down');
      if (inFlight > 0) await Promise.race([done, clock.sleep(AFTER_DRAIN)]);
      await clock.sleep(AFTER_DRAIN);
    },
  };
}

const NOBODY: Who = Object.freeze({});
/** Of a body that could not be read, or was not. */
const UNREAD: AskFacets = Object.freeze({
  model: '',
  stream: false,
  turns: 0,
  tools: 0,
  images: 0,
  audios: 0,
  structured: false,
  choices: 1,
  stops: 0,
  bytes: 0,
});

const talks = (said: Said): boolean => {
  for (const _ in said.midwatch) return true;
  return false;
};

const deadlineOf = (said: Said): number => {
  const ms = Number(said.midwatch['deadline-ms']);
  return Number.isFinite(ms) && ms > 0 ? ms : Number.POSITIVE_INFINITY;
};

/** What Midwatch tells by header about the exchange. */
function tell(
  walk: Walk,
  headers: Record<string, string>,
  outcome?: string,
  running?: Try,
): Record<string, string> {
  const tier = running?.tier.name ?? walk.attempts.at(-1)?.tier;
  headers['x-midwatch-exchange'] = walk.id;
  if (walk.route) headers['x-midwatch-route'] = walk.route.name;
  if (tier) headers['x-midwatch-tier'] = tier;
  if (outcome) headers['x-midwatch-outcome'] = outcome;
  headers['x-midwatch-attempts'] = String(walk.attempts.length + (running ? 1 : 0));
  if (tier && tier !== walk.route?.tiers[0]?.name) headers['x-midwatch-degraded'] = tier;
  return headers;
}

const retryAfter = (failure: Failure): Record<string, string> =>
  failure.after === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(failure.after / 1000))) };

function findRoute(table: RouteTable, facets: AskFacets, protocol: Protocol, said: Said): Route | Failure {
  const { route, feature } = said.midwatch;
  const found = table.match({
    model: facets.model,
    protocol,
    ...(feature && { feature }),
    ...(route && { route }),
  });
  if (found) return found;
  const names = table.routes.map((r) => r.name).join(', ') || 'none';
  const hint = route
    ? `No route is called "${route}". Routes: ${names}.`
    : `No route serves model "${facets.model}". Routes: ${names}. Add one that matches it, or name a route in x-midwatch-route.`;
  return { kind: 'unknown_route', origin: 'client', retryable: false, hint };
}

const forbidden = (key: string, route: string): Failure => ({
  kind: 'forbidden',
  origin: 'client',
  retryable: false,
  hint: `The key "${key}" may not use route "${route}"; use another key or have the route added to it.`,
});

function mismatch(route: Route, protocol: Protocol): Failure {
  const targets = route.tiers.flatMap((tier) => tier.targets.map((t) => t.provider));
  return {
    kind: 'dialect_mismatch',
    origin: 'client',
    retryable: false,
    hint: `Route "${route.name}" leads to ${[...new Set(targets)].join(', ')}, which does not serve ${protocol.name}; call it in its own dialect or choose another route.`,
  };
}

/** When several targets were tried, the caller learns which and how each failed. */
function withAttempts(failure: Failure, walk: Walk): Failure {
  if (walk.attempts.length < 2) return failure;
  const list = walk.attempts
    .map((a) => `${a.provider}/${a.model}: ${a.failure?.kind ?? a.outcome}`)
    .join('; ');
  return { ...failure, hint: `${failure.hint} Tried ${list}.` };
}

const decoder = new TextDecoder();

/** Providers quote wrong keys back; a body without a secret stays the same bytes. */
function masked(redactor: Redactor, body: Uint8Array): Uint8Array<ArrayBuffer> | string {
  const { text, count } = redactor.secrets(decoder.decode(body));
  return count > 0 ? text : (body as Uint8Array<ArrayBuffer>);
}

function wrongMethod(protocol: Protocol, id: ExchangeId, allow: string): Response {
  const failure: Failure = {
    kind: 'bad_request',
    origin: 'client',
    retryable: false,
    hint: `Use ${allow} on this path.`,
  };
  return new Response(protocol.writeError(failure, id).body, {
    status: 405,
    headers: { 'content-type': 'application/json', allow },
  });
}
