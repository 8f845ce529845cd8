import type { AnswerTaker, TransportCall, TransportRequest, TransportTrouble } from '#contracts';
import type { Decoding } from './decoding.ts';
import type { Route } from './route.ts';
import type { Upstream } from './upstream.ts';

/** One call on its way. It outlives its connection when that turns out to have been closed before it was used. */
export class Call implements TransportCall {
  readonly request: TransportRequest;
  readonly route: Route;
  readonly taker: AnswerTaker;
  /** While its answer is on the connection. */
  upstream: Upstream | undefined;
  /** Outlives the connection: what is last unpacked comes after it has been given back. */
  decoding: Decoding | undefined;
  over = false;
  retried = false;
  paused = false;
  private full = false;
  private stopped = false;

  constructor(request: TransportRequest, route: Route, taker: AnswerTaker) {
    this.request = request;
    this.route = route;
    this.taker = taker;
  }

  cancel(): void {
    if (this.over) return;
    this.over = true;
    this.decoding?.drop();
    this.upstream?.terminate();
  }

  pause(): void {
    if (this.over || this.paused) return;
    this.paused = true;
    this.decoding?.pause();
    this.apply();
  }

  resume(): void {
    if (this.over || !this.paused) return;
    this.paused = false;
    this.apply();
    this.decoding?.resume();
  }

  /** Whether the decoding has enough to do. */
  hold(full: boolean): void {
    this.full = full;
    this.apply();
  }

  /** Whether nothing may be read for it. */
  get held(): boolean {
    return this.stopped;
  }

  end(): void {
    if (this.over) return;
    this.over = true;
    this.taker.end();
  }

  fail(trouble: TransportTrouble): void {
    if (this.over) return;
    this.over = true;
    this.taker.fail(trouble);
  }

  private apply(): void {
    const stop = this.paused || this.full;
    if (stop === this.stopped) return;
    this.stopped = stop;
    if (stop) this.upstream?.pause();
    else this.upstream?.resume();
  }
}
