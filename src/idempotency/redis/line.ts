import { RedisClient } from 'bun';
import type { Clock, Log } from '#contracts';
import { patiently } from '#kernel';

/** As the ledger's: whoever waits for one waits as long for the other. */
const TIMEOUT_MS = 250;
const RETRY_MS = 500;
/** Written and gone at once, to see whether a write is taken. In braces like all keys that one script may need. */
const TRIAL = '{midwatch}:trial';

/**
 * One connection to Redis or Valkey that is either up or known to be away. Away, nobody waits: whoever asks is told so at once,
 * and only the line itself goes on trying.
 */
export class Line {
  private readonly url: string;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly back: () => void;
  private client: RedisClient | undefined;
  private opening: Promise<RedisClient> | undefined;
  private away = false;
  private closed = false;
  private cancel: (() => void) | undefined;

  constructor(url: string, clock: Clock, log: Log, back: () => void) {
    this.url = url;
    this.clock = clock;
    this.log = log;
    this.back = back;
  }

  /** Runs a script as a whole. Rejects within a quarter of a second in which an answer could have been read. */
  async run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    if (this.away || this.closed) throw new Error('Redis is away');
    try {
      return await this.within(this.connected().then((redis) => evaluate(redis, script, keys, args)));
    } catch (error) {
      this.lose(error);
      throw error;
    }
  }

  close(): void {
    this.closed = true;
    this.cancel?.();
    this.drop();
  }

  /** Whoever comes while it is being opened waits for the same one: to begin anew would close it under those who came before. */
  private connected(): Promise<RedisClient> {
    if (this.client?.connected) return Promise.resolve(this.client);
    if (this.opening) return this.opening;
    const opening = this.open().finally(() => {
      if (this.opening === opening) this.opening = undefined;
    });
    this.opening = opening;
    return opening;
  }

  private async open(): Promise<RedisClient> {
    this.drop();
    // No queue and no reconnecting of its own: a connection of which nobody knows what is still in it is worth nothing.
    const fresh = new RedisClient(this.url, { autoReconnect: false, enableOfflineQueue: false });
    this.client = fresh;
    await fresh.connect();
    return fresh;
  }

  private async within<T>(work: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const stop = patiently(this.clock, TIMEOUT_MS, () =>
      late.reject(new Error('Redis did not answer in time')),
    );
    work.catch(() => undefined);
    try {
      return await Promise.race([work, late.promise]);
    } finally {
      stop();
    }
  }

  private lose(error: unknown): void {
    this.drop();
    if (this.away || this.closed) return;
    this.away = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.log('warn', 'idempotency.away', {
      reason,
      says: 'each replica honours the keys that it has seen itself',
    });
    this.cancel = this.clock.every(RETRY_MS, () => void this.retry());
  }

  private async retry(): Promise<void> {
    try {
      // A replica, and a server without memory, answer a ping and refuse every claim: it would be back and away twice a second.
      await this.within(this.connected().then((redis) => redis.send('SET', [TRIAL, '', 'PX', '1'])));
    } catch {
      // Tried again at the next tick.
      this.drop();
      return;
    }
    if (!this.away || this.closed) return;
    this.away = false;
    this.cancel?.();
    this.log('info', 'idempotency.back');
    this.back();
  }

  private drop(): void {
    this.client?.close();
    this.client = undefined;
    this.opening = undefined;
  }
}

export interface Script {
  readonly text: string;
  readonly sha: string;
}

export const script = (text: string): Script => ({
  text,
  sha: new Bun.CryptoHasher('sha1').update(text).digest('hex'),
});

async function evaluate(
  redis: RedisClient,
  { text, sha }: Script,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args];
  try {
    return await redis.send('EVALSHA', [sha, ...rest]);
  } catch (error) {
    if (!String(error).includes('NOSCRIPT')) throw error;
    return redis.send('EVAL', [text, ...rest]);
  }
}
