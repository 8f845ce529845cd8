import type { Fields, Finished, Incoming, Lane, Outgoing, Protocol, Route, Source, Who } from '#contracts';
import { refuse } from './answer.ts';
import { type AskContext, answer, newWalk } from './ask.ts';
import { dispatch } from './dispatch.ts';
import { hear } from './headers.ts';
import type { Step } from './plan.ts';

/** A call that no caller made. */
export interface OwnCall {
  readonly source: Exclude<Source, 'gateway'>;
  readonly protocol: Protocol;
  readonly route: Route;
  readonly steps: readonly Step[];
  readonly body: Uint8Array;
  readonly lane: Lane;
  /** On whose behalf, where it is a copy of a caller's. */
  readonly who?: Who;
}

export interface Told {
  readonly finished: Finished;
  readonly status: number;
  readonly headers: Fields;
}

/**
 * Makes a call through the same walk as a caller's, with its quotas, budgets, deadlines and record, and keeps the answer.
 * Never rejects: a failure is in the record. Which past it is judged by, and whether it adds to it, is a matter of the context.
 */
export async function ownCall(ctx: AskContext, call: OwnCall): Promise<Told> {
  const { promise, resolve } = Promise.withResolvers<Told>();
  const { protocol, route, body, lane, steps } = call;
  let head: Pick<Told, 'status' | 'headers'> | undefined;
  let finished: Finished | undefined;
  let over = false;
  const settle = () => {
    if (over && finished && head) resolve({ finished, ...head });
  };
  const ends = () => {
    over = true;
    settle();
  };
  const outgoing: Outgoing = {
    onLeft: undefined,
    onDrain: undefined,
    send(status, headers) {
      head = { status, headers };
      ends();
    },
    begin(status, headers) {
      head = { status, headers };
    },
    write: () => true,
    end: ends,
    break: ends,
  };
  const said = hear(NOBODY);
  const walk = newWalk(ctx, protocol, outgoing, said, undefined, ctx.clock.monotonic());
  walk.source = call.source;
  walk.who = call.who ?? {};
  walk.told = (one) => {
    finished = one;
    settle();
  };
  walk.body = body;
  walk.route = route;
  ctx.open(walk);
  const read = protocol.readAsk(body);
  if (!read.ok) refuse(ctx, walk, read.error);
  else {
    walk.facets = read.value.facets;
    const deadline = walk.start + route.config.timeouts.total;
    const errand = { deadline, said, query: '', lane, ask: read.value };
    answer(ctx, errand, walk, await dispatch(ctx, errand, walk, steps));
  }
  return promise;
}

/** It comes from inside the house, and says nothing but what is in its body. */
const NOBODY: Incoming = Object.freeze({
  method: 'POST',
  path: '',
  query: '',
  headers: Object.freeze({ 'content-type': 'application/json' }),
  peer: Object.freeze({ address: '127.0.0.1', loopback: true }),
});
