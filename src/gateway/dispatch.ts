import type { Clock, Failure, Pricer, Upstream } from '#contracts';
import { replaceSpan } from '#kernel';
import { attempt, type Landing, type Line, openLine } from './attempt.ts';
import { movesOn, outcomeOf } from './failures.ts';
import type { Step } from './plan.ts';
import { closeTry, type Estimate, type Try, type Walk } from './walk.ts';
import type { Watchdog } from './watchdog.ts';

export interface DispatchContext {
  readonly clock: Clock;
  readonly upstream: Upstream;
  readonly pricer: Pricer;
  readonly estimate: Estimate;
  readonly watchdog: Watchdog;
  readonly deadline: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: string;
  readonly modelSpan?: { readonly start: number; readonly end: number };
  /** Hands out the line of the try that runs, so that a caller who leaves or a shutdown can cut it. */
  onLine(line: Line): void;
}

export interface Dispatched {
  readonly one: Try;
  readonly landing: Landing;
}

/**
 * Tries one target after the other until one lands or no other may. Every failed try becomes a row; the one that landed
 * stays open, since a stream is not over when it begins.
 */
export async function dispatch(
  ctx: DispatchContext,
  walk: Walk,
  steps: readonly Step[],
): Promise<Dispatched> {
  let last: Dispatched | undefined;
  for (const step of steps) {
    const before = ctx.clock.monotonic();
    const tried = begin(ctx, walk, step);
    walk.own += ctx.clock.monotonic() - before;
    const landing = await tried.run();
    const { one, line } = tried;
    last = { one, landing };
    if (landing.kind !== 'failed') {
      if (landing.kind === 'whole') line.dog.stop();
      return last;
    }
    line.dog.stop();
    walk.attempts.push(
      closeTry(one, ctx, walk, {
        outcome: outcomeOf(landing.failure.kind),
        failure: landing.failure,
        ...(landing.reading && { reading: landing.reading }),
      }),
    );
    if (line.cause === 'client_left' && landing.failure.kind === 'client_left') return last;
    if (!movesOn(landing.failure) || ctx.clock.monotonic() >= ctx.deadline) return last;
  }
  return last as Dispatched;
}

function begin(ctx: DispatchContext, walk: Walk, step: Step) {
  const { clock } = ctx;
  const line = openLine(ctx.watchdog);
  ctx.onLine(line);
  const model = step.target.model ?? walk.facets.model;
  const one: Try = {
    number: walk.attempts.length + 1,
    cause: step.cause,
    tier: step.tier,
    target: step.target,
    model,
    startedAt: clock.now(),
    start: clock.monotonic(),
  };
  const baseUrl = step.target.baseUrl[walk.protocol.dialect];
  const run = (): Promise<Landing> => {
    if (baseUrl === undefined)
      return Promise.resolve({
        kind: 'failed',
        failure: noBaseUrl(step.target.provider, walk.protocol.dialect),
      });
    const call = step.target.kind.request({
      dialect: walk.protocol.dialect,
      baseUrl,
      path: walk.protocol.path,
      model,
      settings: step.target.settings,
      ...(step.target.apiKey && { apiKey: step.target.apiKey }),
    });
    const headers: Record<string, string> = { ...ctx.headers };
    // A default such as a version header gives way to what the caller sent; a credential of the caller never got this far.
    for (const [name, value] of call.headers) headers[name] ??= value;
    const body = walk.body as Uint8Array;
    const mapped =
      model !== walk.facets.model && ctx.modelSpan
        ? replaceSpan(body, ctx.modelSpan, JSON.stringify(model))
        : body;
    const url = ctx.query ? `${call.url}${call.url.includes('?') ? '&' : '?'}${ctx.query}` : call.url;
    return attempt({
      clock,
      upstream: ctx.upstream,
      protocol: walk.protocol,
      walk,
      one,
      line,
      timeouts: (walk.route as NonNullable<Walk['route']>).config.timeouts,
      deadline: ctx.deadline,
      request: { url, headers, body: mapped },
    });
  };
  return { one, line, run };
}

const noBaseUrl = (provider: string, dialect: string): Failure => ({
  kind: 'no_target',
  origin: 'midwatch',
  retryable: true,
  hint: `Provider "${provider}" has no base URL for the ${dialect} dialect; set providers.${provider}.baseUrl.`,
});
