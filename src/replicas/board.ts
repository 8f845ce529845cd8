import { RedisClient } from 'bun';
import type { Clock, Log, ReplicasState } from '#contracts';
import { patiently } from '#kernel';
import { write } from './entry.ts';
import { type Answer, readEntries } from './read.ts';

export interface BoardOptions {
  readonly url: string;
  /** Before every key, as the ledger's. */
  readonly prefix?: string;
  /** What is spoken of; each subject has a stream of its own. */
  readonly subject?: string;
  /** What was said so many milliseconds before the start is heard; by default ten minutes of it. */
  readonly before?: number;
  /** Entries kept. */
  readonly kept?: number;
  /** Name of this replica, the same after a restart. */
  readonly replica: string;
  readonly clock: Clock;
  readonly log: Log;
  /** What there is to say now: what is new, or with `all` everything a replica should know that knows nothing. Undefined: nothing. */
  readonly news: (all: boolean) => unknown;
  /** What another replica said, in order; once more after the connection was lost. Must not throw for words of another version. */
  readonly heard: (news: unknown, from: string) => void;
  /** What `news` gave last has been said. What has not is asked for again, with all else. */
  readonly said?: () => void;
}

export interface Board {
  state(): ReplicasState;
  stop(): Promise<void>;
}

/** News are looked for so often; one look is a few comparisons. */
const LOOK_MS = 50;
/** Everything is said again so often, which also says that this replica lives. */
const AGAIN_MS = 10_000;
/** A replica silent for so long is not counted any more. */
const GONE_MS = 30_000;
/** Older news are history to whoever has just come. */
const RECENT_MS = 600_000;
/** By default; a busy hour of a bad day has some hundreds. */
const KEPT = 2_000;
const TIMEOUT_MS = 2_000;
/** A read waits so long for news, so that it is known to live. */
const BLOCK_MS = 1_000;
const RETRY_MS = 500;
/** What Redis itself says of a command begins with one word in capitals: READONLY, OOM, NOPERM, MISCONF. */
const REFUSAL = /^[A-Z]{2,} /;

/**
 * Where replicas tell each other what they know: a stream in Redis or Valkey, so that who comes late reads what he missed and
 * nothing is lost in between. Redis gone, every replica goes on by what it knows itself; back, everything is said and heard again.
 * Two connections, because a blocked one cannot speak; each is thrown away after any trouble.
 */
export function createBoard(options: BoardOptions): Board {
  const {
    url,
    prefix = '{midwatch}',
    subject = 'news',
    kept = KEPT,
    replica,
    clock,
    log,
    news,
    heard,
    said,
  } = options;
  const stream = `${prefix}:${subject}`;
  let before = options.before ?? RECENT_MS;
  const stopping = new AbortController();
  const peers = new Map<string, number>();
  let since = clock.now();
  let state: ReplicasState['state'] = 'connecting';
  let trouble: string | undefined;
  let writer: RedisClient | undefined;
  let reader: RedisClient | undefined;
  let saying = false;
  let saidAllAt = Number.NEGATIVE_INFINITY;
  /** Why nothing can be said, though others are heard: a replica of Redis, or one without memory, lets itself be read. */
  let mute: { readonly why: string; readonly since: number } | undefined;
  let mayTryAt = Number.NEGATIVE_INFINITY;

  /** Said once when it goes and once when it is back. */
  function turn(next: 'up' | 'away', why?: string): void {
    trouble = why;
    if (state === next) return;
    state = next;
    since = clock.now();
    if (next === 'up') {
      saidAllAt = Number.NEGATIVE_INFINITY;
      log('info', 'replicas.up', { replica });
    } else
      log('warn', 'replicas.away', { reason: why, says: 'every replica goes on by what it knows itself' });
  }

  async function connect(): Promise<RedisClient> {
    const client = new RedisClient(url, { autoReconnect: false, enableOfflineQueue: false });
    try {
      await within(client.connect());
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** A server that is stopped rather than gone answers nothing; nobody waits for it. */
  async function within<T>(work: Promise<T>, ms = TIMEOUT_MS): Promise<T> {
    work.catch(() => undefined);
    const { promise: late, reject } = Promise.withResolvers<never>();
    const cancel = patiently(clock, ms, () => reject(new Error('Redis did not answer in time')));
    try {
      return await Promise.race([work, late]);
    } finally {
      cancel();
    }
  }

  async function say(): Promise<void> {
    if (saying || state !== 'up') return;
    const now = clock.monotonic();
    if (now < mayTryAt) return;
    const all = now - saidAllAt >= AGAIN_MS;
    const own = news(all);
    if (own === undefined && !all) return;
    saying = true;
    try {
      writer ??= await connect();
      const entry = write({ from: replica, news: own });
      await within(writer.send('XADD', [stream, 'MAXLEN', '~', String(kept), '*', 'said', entry]));
      if (all) saidAllAt = now;
      said?.();
      if (mute !== undefined) log('info', 'replicas.speaks', { after: mute.why });
      mute = undefined;
    } catch (error) {
      // One that is gone the reader notices, too; what could not be said now is said with everything else.
      const why = error instanceof Error ? error.message : String(error);
      if (REFUSAL.test(why) && mute === undefined) {
        mute = { why, since: clock.now() };
        log('warn', 'replicas.mute', { reason: why, says: 'others are heard, and this replica is not' });
      }
      mayTryAt = clock.monotonic() + RETRY_MS;
      writer?.close();
      writer = undefined;
      saidAllAt = Number.NEGATIVE_INFINITY;
    } finally {
      saying = false;
    }
  }

  function take({ entries }: Answer): void {
    for (const { from, news: said } of entries) {
      if (from === replica) continue;
      peers.set(from, clock.now());
      if (said !== undefined) heard(said, from);
    }
  }

  async function read(client: RedisClient): Promise<void> {
    const [seconds, micros] = (await within(client.send('TIME', []))) as [string, string];
    let last = `${Number(seconds) * 1000 + Math.floor(Number(micros) / 1000) - before}-0`;
    before = RECENT_MS;
    while (!stopping.signal.aborted) {
      const block = state === 'up' ? BLOCK_MS : 1;
      const asked = client.send('XREAD', ['COUNT', '500', 'BLOCK', String(block), 'STREAMS', stream, last]);
      const answer = readEntries(await within(asked));
      take(answer);
      last = answer.last ?? last;
      turn('up');
    }
  }

  async function listen(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        reader = await connect();
        await read(reader);
      } catch (error) {
        if (stopping.signal.aborted) return;
        turn('away', error instanceof Error ? error.message : String(error));
        await clock.sleep(RETRY_MS, stopping.signal);
      } finally {
        reader?.close();
      }
    }
  }

  const listening = listen();
  const looks = clock.every(LOOK_MS, () => void say());
  return {
    state() {
      const now = clock.now();
      for (const [name, at] of peers) if (now - at > GONE_MS) peers.delete(name);
      const why = trouble ?? mute?.why;
      return {
        replica,
        state: mute === undefined ? state : 'away',
        since: mute?.since ?? since,
        ...(why !== undefined && { trouble: why }),
        peers: [...peers.keys()].sort(),
      };
    },
    async stop() {
      looks();
      await say();
      stopping.abort();
      writer?.close();
      reader?.close();
      await listening;
    },
  };
}
