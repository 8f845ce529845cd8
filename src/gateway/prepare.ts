import type {
  AttemptCause,
  Clock,
  Failure,
  Lane,
  MonotonicMs,
  Route,
  SpendCause,
  TransportRequest,
} from '#contracts';
import { SEMANTICS } from '#kernel';
import { type Errand as Asked, type CallContext, type Written, writeCall } from './call.ts';
import type { Step } from './plan.ts';
import { type LedgerPorts, type Paid, pay, type TollContext } from './toll.ts';
import type { Tries } from './tries.ts';
import type { Try, Walk } from './walk.ts';

export interface PrepareContext extends CallContext, TollContext {
  readonly clock: Clock;
  /** Undefined where nothing limits and no budget is kept. */
  readonly ledger: () => LedgerPorts | undefined;
  readonly tries: Tries;
}

export interface Errand extends Asked {
  readonly deadline: MonotonicMs;
  readonly lane: Lane;
  /** Asked for on Midwatch's own account: billed to this cause, and dropped rather than kept waiting. */
  readonly own?: Extract<SpendCause, 'shadow'>;
}

/** A try that is written and paid for, and may be made. */
export interface Prepared {
  readonly kind: 'prepared';
  readonly one: Try;
  readonly request: TransportRequest;
}

/** A try that is not made: nobody is asked, so there is no row. */
export interface Hindrance {
  readonly kind: 'hindered';
  readonly failure: Failure;
  /** May another target do it? */
  readonly elsewhere: boolean;
}

/** Writes the call of a step and pays for it. At once where nothing limits. `others`: somebody else could answer. */
export function prepare(
  ctx: PrepareContext,
  errand: Errand,
  walk: Walk,
  step: Step,
  cause: AttemptCause,
  others: boolean,
): Prepared | Hindrance | Promise<Prepared | Hindrance> {
  const model = step.target.model ?? walk.facets.model;
  const call = writeCall(ctx, errand, walk, step, model);
  if ('kind' in call) return hindered(call);
  const ledger = ctx.ledger();
  const { deadline, lane, own } = errand;
  if (!ledger) return begin(ctx, deadline, walk, step, model, cause, call, undefined);
  const { waitForTarget } = (walk.route as Route).config;
  // Where somebody else can answer, room is not waited for longer than a target is.
  const now = ctx.clock.monotonic();
  const patience = own ? now : others ? Math.min(deadline, now + waitForTarget) : deadline;
  const toll = { target: step.target, model, cause: own ?? cause, lane, patience, deadline };
  const ready = (paid: Paid | Failure) =>
    'kind' in paid ? hindered(paid) : begin(ctx, deadline, walk, step, model, cause, call, paid);
  const paid = pay(ctx, ledger, walk, toll);
  return paid instanceof Promise ? paid.then(ready) : ready(paid);
}

function begin(
  { clock, tries }: PrepareContext,
  deadline: MonotonicMs,
  walk: Walk,
  step: Step,
  model: string,
  cause: AttemptCause,
  { request, losses, wished, limit, asksUsage }: Written,
  paid: Paid | undefined,
): Prepared {
  const one: Try = {
    number: walk.made.length + 1,
    cause,
    step,
    tier: step.tier,
    target: step.target,
    model,
    translated: step.translator && { to: step.protocol.name, losses: losses ?? [] },
    paid,
    wished: wished === true,
    limit,
    asksUsage,
    startedAt: clock.now(),
    start: clock.monotonic(),
    late: 0,
    endLate: 0,
    stood: false,
  };
  walk.limit = limit;
  walk.made.push(one);
  tries.begun(walk);
  const sent = step.target.passDeadline ? told(request, deadline - one.start) : request;
  // The transport asks again by itself once in an exchange; on one more kept connection it would have the right to do so once more.
  const resent = walk.attempts.at(-1)?.failure?.kind === 'reset' || walk.made.some((made) => made.resent);
  return { kind: 'prepared', one, request: resent ? { ...sent, fresh: true } : sent };
}

/** With the time that is left, as of this call: waits and earlier tries are taken off. */
const told = (request: TransportRequest, left: number): TransportRequest => ({
  ...request,
  headers: { ...request.headers, [DEADLINE]: String(Math.max(1, Math.floor(left))) },
});
const DEADLINE = 'x-midwatch-deadline-ms';

const hindered = (failure: Failure): Hindrance => ({
  kind: 'hindered',
  failure,
  elsewhere: failure.kind === 'dialect_mismatch' || SEMANTICS[failure.kind].elsewhere !== 'never',
});
