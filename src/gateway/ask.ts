import {
  type AskFacets,
  type BodyTrouble,
  type ExchangeId,
  type Incoming,
  type KeyRecord,
  type Lane,
  type Log,
  laneOf,
  type MonotonicMs,
  type Outgoing,
  type Protocol,
  type Route,
  type RouteTable,
  type Steerer,
  type Turn,
} from '#contracts';
import type { Admission } from './admit.ts';
import { type AnswerContext, canned, failed, refuse, stream, whole } from './answer.ts';
import { stoppedBy } from './arrange.ts';
import { type DispatchContext, type Dispatched, dispatch } from './dispatch.ts';
import { seen } from './failures.ts';
import { hear, readDeclared, readPlace, readWho, type Said } from './headers.ts';
import type { Step } from './plan.ts';
import type { Errand } from './prepare.ts';
import { findRoute, forbidden, mismatch, noBody, noDeadline, noLane, packedBody } from './refusals.ts';
import { turned, turnOf } from './steer.ts';
import { rescueOf, type TakeoverContext } from './takeover.ts';
import { stopWalk, type Try, type Walk } from './walk.ts';

export interface AskContext extends AnswerContext, DispatchContext, TakeoverContext {
  readonly admission: Admission;
  readonly routes: () => RouteTable;
  readonly nextId: () => ExchangeId;
  readonly log: Log;
  /** Largest request body, bytes. */
  readonly maxBody: number;
  readonly plan: (route: Route, protocol: Protocol) => readonly Step[];
  readonly draining: () => boolean;
  /** Asked in order at which tier an exchange begins. */
  readonly steerers: readonly Steerer[];
  /** A walk has begun; `close` ends it. */
  open(walk: Walk): void;
}

/** The walk of one exchange, from its head to its answer. */
export function ask(
  ctx: AskContext,
  protocol: Protocol,
  incoming: Incoming,
  outgoing: Outgoing,
): ((body: Uint8Array | BodyTrouble) => void) | undefined {
  const start = ctx.clock.monotonic();
  const said = hear(incoming);
  const admitted = ctx.admission.admit(said, incoming.peer);
  const key = admitted.ok ? admitted.value : undefined;
  const walk = newWalk(ctx, protocol, outgoing, said, key, start);
  ctx.open(walk);
  if (ctx.draining()) return void refuse(ctx, walk, seen('shutting_down'));
  if (!admitted.ok) return void refuse(ctx, walk, admitted.error);
  const lane = laneOf(said.midwatch.priority);
  if (!lane) return void refuse(ctx, walk, noLane(said.midwatch.priority));
  const limit = deadlineOf(said);
  if (limit === undefined) return void refuse(ctx, walk, noDeadline(said.midwatch['deadline-ms']));
  const packed = incoming.headers['content-encoding'];
  if (packed !== undefined && packed !== 'identity') return void refuse(ctx, walk, packedBody(packed));
  const listened = ctx.clock.monotonic();
  walk.own = listened - start;
  return (body) => {
    if (typeof body === 'string') return refuse(ctx, walk, noBody(body, incoming.headers, ctx.maxBody));
    carry(ctx, walk, body, { said, key, lane, limit, query: incoming.query }).catch((error: unknown) => {
      // A fault of our own must not leave a caller waiting for ever.
      ctx.log('error', 'exchange failed inside', { exchange: walk.id, error: String(error) });
      walk.flight?.abandon();
      refuse(ctx, walk, seen('internal', 'Midwatch failed inside; its log names this exchange.'));
    });
  };
}

/** An exchange whose head has come, and nothing else. */
export function newWalk(
  ctx: Pick<AskContext, 'clock' | 'nextId'>,
  protocol: Protocol,
  outgoing: Outgoing,
  said: Said,
  key: KeyRecord | undefined,
  start: MonotonicMs,
): Walk {
  return {
    id: ctx.nextId(),
    at: ctx.clock.now(),
    start,
    protocol,
    outgoing,
    who: readWho(said, key),
    caller: said.forward['idempotency-key'],
    place: readPlace(said),
    declared: readDeclared(said),
    talks: talks(said),
    facets: UNREAD,
    body: undefined,
    route: undefined,
    attempts: [],
    served: undefined,
    flight: undefined,
    rivals: undefined,
    made: [],
    limit: undefined,
    deferral: undefined,
    stopped: undefined,
    wake: undefined,
    source: 'gateway',
    rehearses: undefined,
    told: undefined,
    spilled: undefined,
    errand: undefined,
    taken: undefined,
    leftOut: undefined,
    alone: undefined,
    turn: undefined,
    passed: undefined,
    queued: 0,
    own: 0,
  };
}

/** What a caller brought beside the body. */
interface Brought {
  readonly said: Said;
  readonly key: KeyRecord | undefined;
  readonly lane: Lane;
  /** Milliseconds that the caller gives the whole exchange. */
  readonly limit: number;
  readonly query: string;
}

async function carry(
  ctx: AskContext,
  walk: Walk,
  body: Uint8Array,
  { said, key, lane, limit, query }: Brought,
): Promise<void> {
  const { clock } = ctx;
  const { protocol, outgoing } = walk;
  let began = clock.monotonic();
  walk.body = body;
  const read = protocol.readAsk(body);
  if (!read.ok) return refuse(ctx, walk, read.error);
  walk.facets = read.value.facets;
  const found = findRoute(ctx.routes(), walk.facets, protocol, said);
  if ('kind' in found) return refuse(ctx, walk, found);
  walk.route = found;
  if (key?.routes && !key.routes.includes(found.name))
    return refuse(ctx, walk, forbidden(key.name, found.name));
  const steps = ctx.plan(found, protocol);
  if (steps.length === 0) {
    const why = mismatch(found, protocol);
    return canned(ctx, walk, why) ? undefined : refuse(ctx, walk, why);
  }
  let turn = turnOf(ctx.steerers, walk, lane, steps);
  if (turn instanceof Promise) {
    outgoing.onLeft = () => stopWalk(walk, 'client_left');
    const waiting = clock.monotonic();
    turn = await turn;
    // Whoever was asked took this time, not we.
    began += clock.monotonic() - waiting;
    outgoing.onLeft = undefined;
    if (walk.stopped) return failed(ctx, walk, stoppedBy(walk.stopped), clock.monotonic());
  }
  walk.turn = turn;
  if (turn?.refuse) return refuse(ctx, walk, turn.refuse);
  if (turn && sentToReply(turn, found)) {
    const why = seen(
      'no_target',
      `Nobody was asked: ${turn.by} (${turn.reason}) has route "${found.name}" answer from its tier "${turn.tier}".`,
    );
    return canned(ctx, walk, why, turn.tier) ? undefined : refuse(ctx, walk, why);
  }
  if (!turn && steps[0]?.tier !== found.tiers[0]) walk.passed = 'dialect_mismatch';
  outgoing.onLeft = () => stopWalk(walk, 'client_left');
  const total = Math.min(found.config.timeouts.total, limit);
  const errand = { deadline: walk.start + total, said, query, lane, ask: read.value };
  walk.errand = errand;
  walk.own += clock.monotonic() - began;
  answer(ctx, errand, walk, await dispatch(ctx, errand, walk, turn ? turned(steps, turn) : steps));
}

/** Answers with what came of the tries. */
export function answer(
  ctx: AnswerContext & TakeoverContext,
  errand: Errand,
  walk: Walk,
  { one, landing, closed, flight }: Dispatched,
): void {
  const landed = ctx.clock.monotonic();
  if (flight) walk.flight = flight;
  if (closed) walk.served = walk.attempts.find((a) => a.number === one?.number);
  if (landing.kind === 'streaming') {
    const rescue = closed ? undefined : rescueOf(ctx, errand, walk);
    stream(ctx, walk, one as Try, landing, landed, closed, rescue);
    return;
  }
  walk.outgoing.onLeft = undefined;
  if (landing.kind === 'whole') whole(ctx, walk, one as Try, landing, landed, closed);
  else failed(ctx, walk, landing, landed);
}

/** Is the tier that was chosen one that asks nobody? */
const sentToReply = ({ tier }: Turn, route: Route): boolean =>
  route.tiers.some((t) => t.name === tier && t.reply !== undefined);

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

/** The caller itself speaks to Midwatch by header. */
const talks = (said: Said): boolean => {
  for (const _ in said.midwatch) return true;
  return false;
};

/** Milliseconds that the caller gives; undefined for a word that is none. */
const deadlineOf = ({ midwatch }: Said): number | undefined => {
  const word = midwatch['deadline-ms'];
  if (word === undefined) return Number.POSITIVE_INFINITY;
  const ms = Number(word);
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
};
