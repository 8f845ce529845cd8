import type { AnswerTaker, TransportCall, TransportRequest, TransportTrouble } from '#contracts';
import type { Route } from './route.ts';
import type { Upstream } from './upstream.ts';

/** One call on its way. It outlives its connection when that turns out to have been closed before it was used. */
export class Call implements TransportCall {
  readonly request: TransportRequest;
  readonly route: Route;
  readonly taker: AnswerTaker;
  upstream: Upstream | undefined;
  over = false;
  retried = false;
  paused = false;

  constructor(request: TransportRequest, route: Route, taker: AnswerTaker) {
    this.request = request;
    this.route = route;
    this.taker = taker;
  }

  cancel(): void {
    if (this.over) return;
    this.over = true;
    this.upstream?.abandon();
  }

  pause(): void {
    if (this.over || this.paused) return;
    this.paused = true;
    this.upstream?.pause();
  }

  resume(): void {
    if (this.over || !this.paused) return;
    this.paused = false;
    this.upstream?.resume();
  }

  fail(trouble: TransportTrouble): void {
    if (this.over) return;
    this.over = true;
    this.taker.fail(trouble);
  }
}
