import type {
  Attempt,
  AttemptCause,
  Clock,
  Failure,
  FailureKind,
  MonotonicMs,
  Pricer,
  ReadAsk,
  Route,
  Tier,
  Transport,
  TransportRequest,
} from '#contracts';
import { outcomeOf, replaceSpan } from '#kernel';
import {
  type BackoffState,
  countRequest,
  createBackoffState,
  nextWait,
  RETRY_BUDGET,
  type ShareBudgetState,
  spend,
} from '#kernel/resilience';
import { Flight, type Landing } from './attempt.ts';
import { seen } from './failures.ts';
import { next } from './next.ts';
import type { Step } from './plan.ts';
import type { Standing } from './standing.ts';
import { type Estimate, endTry, type Try, type Walk } from './walk.ts';
import type { Watchdog } from './watchdog.ts';

export interface DispatchContext {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly pricer: Pricer;
  readonly estimate: Estimate;
  readonly watchdog: Watchdog;
  readonly standing: Standing;
  /** The retry budget of a route. */
  readonly retries: (route: string) => ShareBudgetState;
}

export interface Errand {
  readonly deadline: MonotonicMs;
  /** What of the caller's headers passes on. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: string;
  readonly ask: ReadAsk;
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
  const asked = walk.facets.model;
  countRequest(ctx.retries(route.name), walk.start, RETRY_BUDGET);
  const order = standing.calm(steps, asked) ? steps : await arrange(ctx, errand, walk, steps);
  if ('kind' in order) return { landing: order };
  const waits = createBackoffState();
  let at = 0;
  let here = 0;
  for (;;) {
    const step = order[at] as Step;
    const model = step.target.model ?? asked;
    const call = write(errand, walk, step, model);
    if ('kind' in call) {
      const place = at;
      const open = standing.open(order, asked);
      const other = order.findIndex((s, i) => i > place && open(s));
      if (other < 0) return { landing: { kind: 'failed', failure: call } };
      at = other;
      here = 0;
      continue;
    }
    here++;
    const one = begin(ctx, walk, step, model, here, call.losses);
    const landing = await fly(ctx, errand, walk, step, one, call);
    if (landing.kind !== 'failed') return { one, landing };
    const { failure, reading } = landing;
    endTry(one, ctx, walk, { outcome: outcomeOf(failure.kind), failure, ...(reading && { reading }) });
    if (walk.stopped) return { one, landing: stoppedBy(walk.stopped) };
    const total = walk.attempts.length;
    const open = standing.open(order, asked);
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

/**
 * The plan in the order in which its targets stand now: first the one that this exchange is sent to. A tier is not left for a
 * park that is about to end, since leaving it has a price; that park is waited out.
 */
async function arrange(
  ctx: DispatchContext,
  errand: Errand,
  walk: Walk,
  steps: readonly Step[],
): Promise<readonly Step[] | Of<'failed'>> {
  const { clock, standing } = ctx;
  const { waitForTarget } = (walk.route as Route).config;
  const asked = walk.facets.model;
  const fits = (ms: number) => ms <= waitForTarget && clock.monotonic() + ms < errand.deadline;
  for (let waited = false; ; waited = true) {
    const closed = steps.map(({ target }) => standing.closedFor(target, target.model ?? asked));
    const soonest = Math.min(...closed);
    const [intended = 0] = closed;
    const wait = soonest > 0 ? soonest : intended;
    if (!waited && wait > 0 && fits(wait)) {
      // Whoever waited for the same park would come back in one burst.
      await rest(clock, walk, wait * (1 + clock.random() / 4));
      if (walk.stopped) return stoppedBy(walk.stopped);
      continue;
    }
    const chosen = standing.choose(steps, asked);
    if (chosen === undefined) return { kind: 'failed', failure: allClosed(walk, steps, standing, soonest) };
    if (chosen === 0) return steps;
    return [steps[chosen] as Step, ...steps.filter((_, i) => i !== chosen)];
  }
}

function allClosed(walk: Walk, steps: readonly Step[], standing: Standing, soonest: number): Failure {
  const name = walk.route?.name;
  const wait = `${Math.ceil(soonest / 1000)} s`;
  if (steps.every(({ target }) => standing.refusesKey(target, target.model ?? walk.facets.model)))
    return seen(
      'provider_auth',
      `Every provider of route "${name}" refuses the key that Midwatch has for it; set a valid providers.<name>.apiKey. Asked again in ${wait}.`,
    );
  return {
    ...seen(
      'rate_limited',
      `Every target of route "${name}" has reached a limit of its own; the first opens in ${wait}.`,
    ),
    after: soonest,
  };
}

/** When everybody is full, the caller is told the earliest moment at which somebody is not. */
function told(walk: Walk, landing: Of<'failed'>): Of<'failed'> {
  const { failure } = landing;
  if (failure.kind !== 'rate_limited') return landing;
  const asked = walk.attempts.flatMap((a) => (a.failure?.after === undefined ? [] : [a.failure.after]));
  return asked.length === 0 ? landing : { ...landing, failure: { ...failure, after: Math.min(...asked) } };
}

const stoppedBy = (cause: FailureKind): Of<'failed'> => ({ kind: 'failed', failure: seen(cause) });

/** Waits, or wakes early when the walk is stopped. */
const rest = (clock: Clock, walk: Walk, ms: number): Promise<void> =>
  new Promise((resolve) => {
    const wake = () => {
      cancel();
      walk.wake = undefined;
      resolve();
    };
    const cancel = clock.after(ms, wake);
    walk.wake = wake;
  });

/** Makes one call and follows it to the commit gate. Never rejects: whatever happens is a landing. */
const fly = (
  ctx: DispatchContext,
  errand: Errand,
  walk: Walk,
  step: Step,
  one: Try,
  call: Call,
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
        request: call.request,
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
  { tier, target, protocol, translator }: Step,
  model: string,
  here: number,
  losses: readonly string[] | undefined,
): Try => ({
  number: walk.attempts.length + 1,
  cause: causeOf(walk.attempts.at(-1), tier, here),
  tier,
  target,
  model,
  translated: translator && { to: protocol.name, losses: losses ?? [] },
  startedAt: clock.now(),
  start: clock.monotonic(),
});

function causeOf(before: Attempt | undefined, tier: Tier, here: number): AttemptCause {
  if (!before) return 'first';
  if (here > 1) return 'retry';
  return before.tier === tier.name ? 'reroute' : 'fallback';
}

interface Call {
  readonly request: TransportRequest;
  /** Declared losses of its translation. */
  readonly losses?: readonly string[];
}

/** The call as the target wants it; a failure when it cannot be put that way, and then nobody is asked. */
function write(errand: Errand, walk: Walk, step: Step, model: string): Call | Failure {
  const { target, protocol, translator } = step;
  const { dialect, path } = protocol;
  const baseUrl = target.baseUrl[dialect];
  if (baseUrl === undefined) return noBaseUrl(target.provider, dialect);
  const { apiKey, settings } = target;
  const { url, headers: own } = target.kind.request({ dialect, baseUrl, path, model, settings, apiKey });
  const headers: Record<string, string> = {};
  for (const name in errand.headers)
    if (!translator || !DIALECT_HEADER.test(name)) headers[name] = errand.headers[name] as string;
  // A default such as a version header gives way to what the caller sent; a credential of the caller never got this far.
  for (const [name, value] of own) headers[name] ??= value;
  if (translator) {
    const told = translator.ask(walk.body as Uint8Array, { model, maxTokensDefault: MAX_TOKENS });
    if (!told.ok) return told.error;
    const { body, losses } = told.value;
    return { request: { url, method: 'POST', headers, body }, losses };
  }
  return {
    request: {
      url: errand.query ? `${url}${url.includes('?') ? '&' : '?'}${errand.query}` : url,
      method: 'POST',
      headers,
      body: mapModel(errand.ask, walk, model),
    },
  };
}

/** Says something in one dialect only. */
const DIALECT_HEADER = /^(anthropic-|openai-|x-stainless-)/;
/** Anthropic wants a limit where OpenAI's callers name none; every current model can write this much. */
const MAX_TOKENS = 8_192;

function mapModel(ask: ReadAsk, walk: Walk, model: string): Uint8Array {
  const body = walk.body as Uint8Array;
  if (model === walk.facets.model) return body;
  const span = ask.modelSpan;
  return span ? replaceSpan(body, span, JSON.stringify(model)) : body;
}

const noBaseUrl = (provider: string, dialect: string): Failure => ({
  kind: 'no_target',
  origin: 'midwatch',
  retryable: true,
  hint: `Provider "${provider}" has no base URL for the ${dialect} dialect; set providers.${provider}.baseUrl.`,
});
