import type { Clock, Log, ThreadView } from '#contracts';
import { carried } from '../carried.ts';
import type { Target } from '../targets.ts';
import type { FromThread, ToThread } from './messages.ts';
import { copiesOf, NO_REPORT, plus, type ThreadReport } from './report.ts';

export interface MemberOptions {
  /** Counted from the first thread, which is 1. */
  readonly number: number;
  readonly clock: Clock;
  readonly log: Log;
  /** What a thread is told first, each time one begins. */
  readonly begin: () => readonly ToThread[];
  readonly hear: (said: FromThread) => unknown;
  /** It ended by itself, and its callers' connections with it. */
  readonly gone: () => void;
}

const RESTART = { first: 250, last: 10_000 };
/** A thread that has served so long did not fail because of what it began with, ms. */
const SOUND_MS = 30_000;
/** For closing files and connections. */
const STOP_MS = 5_000;

/** One further gateway thread, begun again whenever it ends by itself. */
export class Member {
  private readonly given: MemberOptions;
  private worker: Worker | undefined;
  private state: ThreadView['state'] = 'gone';
  private report = NO_REPORT;
  private asked: readonly Target[] = [];
  /** Of the threads before this one. */
  private past = NO_REPORT;
  private restarts = 0;
  private wait = RESTART.first;
  private begunAt = 0;
  private stopping = false;
  private drained = Promise.withResolvers<void>();
  private stopped = Promise.withResolvers<void>();
  private readonly served = Promise.withResolvers<void>();

  constructor(given: MemberOptions) {
    this.given = given;
  }

  post(said: ToThread): void {
    this.worker?.postMessage(said);
  }

  start(): void {
    if (this.stopping) return;
    const { number, begin, clock } = this.given;
    this.state = 'starting';
    this.begunAt = clock.monotonic();
    // Inside a binary the entry points lie below what their folders share, src.
    const entry = carried ? './app/gateway-worker.js' : '../gateway-worker.ts';
    const worker = new Worker(new URL(entry, import.meta.url), { name: `gateway ${number}`, ref: false });
    let reason = 'it ended';
    worker.onmessage = ({ data }: MessageEvent<FromThread>) => this.hear(data);
    worker.onerror = (event) => {
      reason = event.message;
    };
    worker.addEventListener('close', () => this.gone(reason), { once: true });
    this.worker = worker;
    for (const said of begin()) this.post(said);
  }

  /** Resolves when it has served once. */
  serving(): Promise<void> {
    return this.served.promise;
  }

  /** Since the start, threads that ended included. */
  total(): ThreadReport {
    return both(this.past, this.report);
  }

  /** How the targets stand that it has asked, by its own evidence. */
  targets(): readonly Target[] {
    return this.asked;
  }

  view(): ThreadView {
    const { requests, inFlight } = this.report.gateway;
    const { state, restarts } = this;
    return { thread: this.given.number, state, restarts, requests, inFlight };
  }

  async drain(ms: number): Promise<void> {
    if (!this.worker) return;
    this.post({ say: 'drain', ms });
    await this.drained.promise;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    if (!this.worker) return;
    const patience = new AbortController();
    this.post({ say: 'stop' });
    await Promise.race([this.stopped.promise, this.given.clock.sleep(STOP_MS, patience.signal)]);
    patience.abort();
    this.worker?.terminate();
  }

  private hear(said: FromThread): void {
    const { number, log } = this.given;
    if (said.say === 'serving') {
      this.state = 'serving';
      this.served.resolve();
    } else if (said.say === 'report') this.report = said.report;
    else if (said.say === 'targets') this.asked = said.targets;
    else if (said.say === 'log') log(said.level, said.event, { ...said.data, thread: number });
    else if (said.say === 'drained') this.drained.resolve();
    else if (said.say === 'stopped') this.stopped.resolve();
    else this.given.hear(said);
  }

  /** New connections are dealt out to the threads that are left until it is back. */
  private gone(reason: string): void {
    const { number, log, clock } = this.given;
    this.worker = undefined;
    this.state = 'gone';
    const { gateway, spool, shadows } = this.report;
    this.past = both(this.past, {
      gateway: { ...gateway, inFlight: 0, streams: 0 },
      spool: { ...spool, waiting: 0 },
      shadows: shadows.map((one) => ({ ...one, underWay: 0 })),
    });
    this.asked = [];
    this.report = NO_REPORT;
    this.drained.resolve();
    this.stopped.resolve();
    this.given.gone();
    if (this.stopping) return;
    this.drained = Promise.withResolvers<void>();
    this.stopped = Promise.withResolvers<void>();
    if (clock.monotonic() - this.begunAt > SOUND_MS) this.wait = RESTART.first;
    this.restarts++;
    log('error', 'thread.ended', { thread: number, reason, restarts: this.restarts });
    clock.after(this.wait, () => this.start());
    this.wait = Math.min(RESTART.last, this.wait * 2);
  }
}

const both = (one: ThreadReport, other: ThreadReport): ThreadReport => ({
  ...plus(one, other),
  shadows: copiesOf([one.shadows, other.shadows]),
});
