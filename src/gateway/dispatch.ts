import type { Clock, Failure, Pricer, ReadAsk, Route, Upstream } from '#contracts';
import { replaceSpan } from '#kernel';
import { attempt, type Landing, type Line, openLine, type TryContext } from './attempt.ts';
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
  readonly ask: ReadAsk;
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
    const line = openLine(ctx.watchdog);
    ctx.onLine(line);
    const one = begin(ctx, walk, step);
    const request = write(ctx, walk, one);
    walk.own += ctx.clock.monotonic() - before;
    const landing: Landing = request
      ? await attempt({
          clock: ctx.clock,
          upstream: ctx.upstream,
          protocol: walk.protocol,
          walk,
          one,
          line,
          timeouts: (walk.route as Route).config.timeouts,
          deadline: ctx.deadline,
          request,
        })
      : { kind: 'failed', failure: noBaseUrl(one.target.provider, walk.protocol.dialect) };
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
        reading: landing.reading,
      }),
    );
    if (line.cause === 'client_left' && landing.failure.kind === 'client_left') return last;
    if (!movesOn(landing.failure) || ctx.clock.monotonic() >= ctx.deadline) return last;
  }
  return last as Dispatched;
}

const begin = ({ clock }: DispatchContext, walk: Walk, { cause, tier, target }: Step): Try => ({
  number: walk.attempts.length + 1,
  cause,
  tier,
  target,
  model: target.model ?? walk.facets.model,
  startedAt: clock.now(),
  start: clock.monotonic(),
});

/** The call as the target wants it; undefined when it has no address for this dialect. */
function write(ctx: DispatchContext, walk: Walk, { target, model }: Try): TryContext['request'] | undefined {
  const { dialect, path } = walk.protocol;
  const baseUrl = target.baseUrl[dialect];
  if (baseUrl === undefined) return undefined;
  const { apiKey, settings } = target;
  const call = target.kind.request({ dialect, baseUrl, path, model, settings, apiKey });
  const headers: Record<string, string> = { ...ctx.headers };
  // A default such as a version header gives way to what the caller sent; a credential of the caller never got this far.
  for (const [name, value] of call.headers) headers[name] ??= value;
  const url = ctx.query ? `${call.url}${call.url.includes('?') ? '&' : '?'}${ctx.query}` : call.url;
  return { url, headers, body: mapModel(ctx, walk, model) };
}

function mapModel({ ask }: DispatchContext, walk: Walk, model: string): Uint8Array {
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
