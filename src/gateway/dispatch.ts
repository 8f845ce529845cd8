import type {
  Attempt,
  AttemptCause,
  Clock,
  Failure,
  Lane,
  MonotonicMs,
  Pricer,
  Route,
  Tier,
  Transport,
  TransportRequest,
} from '#contracts';
import { outcomeOf, SEMANTICS } from '#kernel';
import {
  type BackoffState,
  countRequest,
  createBackoffState,
  nextWait,
  RETRY_BUDGET,
  type ShareBudgetState,
  spend,
} from '#kernel/resilience';
import { arrange, rest, stoppedBy } from './arrange.ts';
import { Flight, type Landing } from './attempt.ts';
import { type Errand as Asked, type Written, writeCall } from './call.ts';
import { next } from './next.ts';
import type { Step, Tongues } from './plan.ts';
import type { Standing } from './standing.ts';
import { type LedgerPorts, type Paid, pay, type Toll } from './toll.ts';
import { type Estimate, endTry, type Try, type Walk } from './walk.ts';
import type { Watchdog } from './watchdog.ts';

export interface DispatchContext extends Pick<Tongues, 'withoutForeignThoughts'> {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly pricer: Pricer;
  readonly estimate: Estimate;
  readonly watchdog: Watchdog;
  readonly standing: Standing;
  /** The retry budget of a route. */
  readonly retries: (route: string) => ShareBudgetState;
  /** Undefined where nothing limits and no budget is kept. */
  readonly ledger: () => LedgerPorts | undefined;
}

export interface Errand extends Asked {
  readonly deadline: MonotonicMs;
  readonly lane: Lane;
}

type Of<K extends Landing['kind']> = Extract<Landing, { kind: K }>;

export interface Dispatched {
  /** The try that landed last; none when every target was closed. */
  readonly one?: Try;
  readonly landing: Landing;
}

/**
 * Tries targets in the order of the plan until one lands or the table of failures says that no other may. Every failed try
 * becomes a row; the one that landed stays open, since a stream is not over when it begins.
 */
export async function dispatch(
  ctx: DispatchContext,
  errand: Errand,
  walk: Walk,
  steps: readonly Step[],
): Promise<Dispatched> {
  const route = walk.route as Route;
  const { standing } = ctx;
  const ledger = ctx.ledger();
  const asked = walk.facets.model;
  countRequest(ctx.retries(route.name), walk.start, RETRY_BUDGET);
  const order = standing.calm(steps, walk.facets) ? steps : await arrange(ctx, errand.deadline, walk, steps);
  if ('kind' in order) return { landing: order };
  const waits = createBackoffState();
  let at = 0;
  let here = 0;
  for (;;) {
    const step = order[at] as Step;
    const model = step.target.model ?? asked;
    const cause = causeOf(walk.attempts.at(-1), step.tier, here);
    const call = writeCall(ctx, errand, walk, step, model);
    const made =
      'kind' in call
        ? hindered(call)
        : ledger
          ? await paidFor(
              ctx,
              ledger,
              errand,
              walk,
              call,
              { target: step.target, model, cause },
              at + 1 < order.length,
            )
          : call;
    if ('kind' in made) {
      if (walk.stopped) return { landing: stoppedBy(walk.stopped) };
      const place = at;
      const open = standing.open(order, walk.facets);
      const other = made.elsewhere ? order.findIndex((s, i) => i > place && open(s)) : -1;
      if (other < 0) return { landing: { kind: 'failed', failure: made.failure } };
      at = other;
      here = 0;
      continue;
    }
    here++;
    const one = begin(ctx, walk, step, model, cause, made);
    const landing = await fly(ctx, errand, walk, step, one, made.request);
    if (landing.kind !== 'failed') return { one, landing };
    const { failure, reading } = landing;
    endTry(one, ctx, walk, { outcome: outcomeOf(failure.kind), failure, ...(reading && { reading }) });
    if (walk.stopped) return { one, landing: stoppedBy(walk.stopped) };
    const total = walk.attempts.length;
    const open = standing.open(order, walk.facets);
    const then = next({ failure, route: route.config, steps: order, open, at, here, total });
    if (then.again && (await pause(ctx, errand, walk, waits, then.again))) {
      if (walk.stopped) return { one, landing: stoppedBy(walk.stopped) };
    } else if (then.elsewhere === undefined) return { one, landing: told(walk, landing) };
    else {
      at = then.elsewhere;
      here = 0;
    }
    if (ctx.clock.monotonic() >= errand.deadline) return { one, landing: told(walk, landing) };
  }
}

/** Waits before the same target is tried again; false, at once, when budget or time forbid it. */
async function pause(
  { clock, retries }: DispatchContext,
  { deadline }: Errand,
  walk: Walk,
  waits: BackoffState,
  { asked }: { readonly asked?: number },
): Promise<boolean> {
  const now = clock.monotonic();
  const remaining = deadline - now;
  const wait = nextWait(waits, {
    remaining,
    random: () => clock.random(),
    ...(asked !== undefined && { asked }),
  });
  if (wait === undefined || !spend(retries((walk.route as Route).name), now, RETRY_BUDGET)) return false;
  await rest(clock, walk, wait);
  return true;
}

/** When everybody is full, the caller is told the earliest moment at which somebody is not. */
function told(walk: Walk, landing: Of<'failed'>): Of<'failed'> {
  const { failure } = landing;
  if (failure.kind !== 'rate_limited') return landing;
  const asked = walk.attempts.flatMap((a) => (a.failure?.after === undefined ? [] : [a.failure.after]));
  return asked.length === 0 ? landing : { ...landing, failure: { ...failure, after: Math.min(...asked) } };
}

/** Makes one call and follows it to the commit gate. Never rejects: whatever happens is a landing. */
const fly = (
  ctx: DispatchContext,
  errand: Errand,
  walk: Walk,
  step: Step,
  one: Try,
  request: TransportRequest,
): Promise<Landing> =>
  new Promise((resolve) => {
    const { translator } = step;
    const flight = new Flight(
      {
        clock: ctx.clock,
        transport: ctx.transport,
        watchdog: ctx.watchdog,
        protocol: step.protocol,
        walk,
        one,
        timeouts: (walk.route as Route).config.timeouts,
        deadline: errand.deadline,
        request,
        ...(translator && {
          speech: {
            translator,
            context: {
              exchange: walk.id,
              model: walk.facets.model,
              at: walk.at,
              ask: walk.body as Uint8Array,
            },
          },
        }),
      },
      resolve,
    );
    walk.flight = flight;
    flight.start();
    walk.own += ctx.clock.monotonic() - one.start;
  });

const begin = (
  { clock }: DispatchContext,
  walk: Walk,
  step: Step,
  model: string,
  cause: AttemptCause,
  { losses, paid }: Made,
): Try => ({
  number: walk.attempts.length + 1,
  cause,
  step,
  tier: step.tier,
  target: step.target,
  model,
  translated: step.translator && { to: step.protocol.name, losses: losses ?? [] },
  paid,
  startedAt: clock.now(),
  start: clock.monotonic(),
});

/** `here`: tries of the same target just before. */
function causeOf(before: Attempt | undefined, tier: Tier, here: number): AttemptCause {
  if (!before) return 'first';
  if (here > 0) return 'retry';
  return before.tier === tier.name ? 'reroute' : 'fallback';
}

/** A try that is written and paid for. */
interface Made extends Written {
  readonly paid?: Paid;
}

/** A try that was not made: nobody was asked, so there is no row. */
interface Hindrance {
  readonly kind: 'hindered';
  readonly failure: Failure;
  /** May another target do it? */
  readonly elsewhere: boolean;
}

/** Pays for a call that is written, or says what hinders it. */
async function paidFor(
  ctx: DispatchContext,
  ledger: LedgerPorts,
  errand: Errand,
  walk: Walk,
  call: Made,
  toll: Omit<Toll, 'patience' | 'deadline' | 'lane'>,
  others: boolean,
): Promise<Made | Hindrance> {
  const { deadline, lane } = errand;
  const { waitForTarget } = (walk.route as Route).config;
  // Where somebody else can answer, room is not waited for longer than a target is.
  const patience = others ? Math.min(deadline, ctx.clock.monotonic() + waitForTarget) : deadline;
  const paid = await pay(ctx, ledger, walk, { ...toll, lane, patience, deadline });
  return 'kind' in paid ? hindered(paid) : { ...call, paid };
}

const hindered = (failure: Failure): Hindrance => ({
  kind: 'hindered',
  failure,
  elsewhere: failure.kind === 'dialect_mismatch' || SEMANTICS[failure.kind].elsewhere !== 'never',
});
