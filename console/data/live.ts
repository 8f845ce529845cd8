import type { ExchangeFilter } from '@midwatch/contracts';
import type { LiveEvent } from '@midwatch/sdk';
import { after, every, now } from './clock.ts';
import { stringifySearch } from './filters.ts';

/** Opens the live stream and keeps it open over any number of breaks; rejects with what no retry can mend. */
export type OpenLive = (filter: ExchangeFilter, signal: AbortSignal) => AsyncIterable<LiveEvent>;

export interface LiveView {
  readonly state: 'connecting' | 'live' | 'lost' | 'paused';
  /** Exchanges a second over the last five seconds, of what the filter lets through. */
  readonly perSecond: number;
}
type Listener = (events: readonly LiveEvent[]) => void;

const FLUSH_MS = 250;
const RATE_MS = 5_000;
/** Seconds below which a rate says nothing. */
const LEAST_S = 1;
/** A tab in the background gives its connection back: browsers allow six for a whole origin. */
const HIDDEN_MS = 20_000;

/**
 * One live connection for the whole console, with the filter of the page in view. Events are handed on in batches, so
 * that a thousand exchanges a second cost four renders a second.
 */
export class Live {
  #view: LiveView = { state: 'connecting', perSecond: 0 };
  #filter: ExchangeFilter = {};
  #abort: AbortController | undefined;
  #waiting: LiveEvent[] = [];
  #seen: { readonly at: number; readonly n: number }[] = [];
  #liveSince = 0;
  readonly #open: OpenLive;
  readonly #watchers = new Set<() => void>();
  readonly #listeners = new Set<Listener>();

  constructor(open: OpenLive) {
    this.#open = open;
  }

  readonly view = (): LiveView => this.#view;
  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };
  readonly listen = (listener: Listener): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  filter(filter: ExchangeFilter): void {
    if (stringifySearch(filter) === stringifySearch(this.#filter)) return;
    this.#filter = filter;
    if (this.#abort && !this.#abort.signal.aborted) this.#connect();
  }

  /** Connects and stays connected until the returned function is called. */
  start(page: Document): () => void {
    let callOff = (): void => {};
    const seen = (): void => {
      callOff();
      if (page.hidden) callOff = after(HIDDEN_MS, () => this.#pause());
      else if (this.#view.state === 'paused' || this.#view.state === 'lost') this.#connect();
    };
    page.addEventListener('visibilitychange', seen);
    const stopFlush = every(FLUSH_MS, () => this.#flush());
    this.#connect();
    return () => {
      callOff();
      stopFlush();
      page.removeEventListener('visibilitychange', seen);
      this.#abort?.abort();
    };
  }

  #pause(): void {
    this.#abort?.abort();
    this.#show({ state: 'paused', perSecond: 0 });
  }

  #connect(): void {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#waiting = [];
    this.#seen = [];
    this.#show({ state: 'connecting', perSecond: 0 });
    void this.#run(abort.signal);
  }

  async #run(signal: AbortSignal): Promise<void> {
    try {
      for await (const event of this.#open(this.#filter, signal)) {
        if (signal.aborted) return;
        if (event.type === 'disconnected') this.#show({ state: 'lost', perSecond: 0 });
        else if (this.#view.state !== 'live') {
          this.#liveSince = now();
          this.#show({ ...this.#view, state: 'live' });
        }
        this.#waiting.push(event);
        if (event.type === 'exchange') this.#seen.push({ at: now(), n: 1 });
        if (event.type === 'skipped') this.#seen.push({ at: now(), n: event.count });
      }
    } catch {
      // What no retry can mend: no login, or a filter that streams do not know. The pages' own requests say which.
    }
    if (!signal.aborted) this.#show({ state: 'lost', perSecond: 0 });
  }

  #flush(): void {
    const since = now() - RATE_MS;
    this.#seen = this.#seen.filter((each) => each.at > since);
    const sum = this.#seen.reduce((all, each) => all + each.n, 0);
    // Over the time that was really seen: else a page just opened shows a fraction of what it draws beside it.
    const seconds = Math.min(RATE_MS, now() - this.#liveSince) / 1_000;
    const perSecond = seconds < LEAST_S ? 0 : Math.round((sum / seconds) * 10) / 10;
    if (perSecond !== this.#view.perSecond) this.#show({ ...this.#view, perSecond });
    if (this.#waiting.length === 0) return;
    const events = this.#waiting;
    this.#waiting = [];
    for (const listener of this.#listeners) listener(events);
  }

  #show(view: LiveView): void {
    this.#view = view;
    for (const watcher of this.#watchers) watcher();
  }
}
