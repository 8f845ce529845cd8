import { RedisClient } from 'bun';
import type { LedgerAuthority } from '#contracts';
import { SCRIPT } from './script.ts';
import { read, write } from './wording.ts';

/**
 * Redis or Valkey as the shared authority; the only file of the ledger that touches the world. One connection, opened when
 * first needed and thrown away after any trouble: a connection of which nobody knows what is still in it is worth nothing.
 */
export function createRedisAuthority(options: {
  readonly url: string;
  /** Before every key. In braces, so that a cluster keeps all accounts in one slot and a script can span them. */
  readonly prefix?: string;
  /** By default Redis's own clock. */
  readonly now?: () => number;
}): LedgerAuthority {
  const { url, prefix = '{midwatch}', now } = options;
  const sha = new Bun.CryptoHasher('sha1').update(SCRIPT).digest('hex');
  let client: RedisClient | undefined;
  let closed = false;

  function drop(): void {
    client?.close();
    client = undefined;
  }

  async function connected(): Promise<RedisClient> {
    if (client) return client;
    // No queue and no reconnecting of its own: the caller decides what happens meanwhile and asks again.
    const fresh = new RedisClient(url, { autoReconnect: false, enableOfflineQueue: false });
    client = fresh;
    await fresh.connect();
    return fresh;
  }

  async function run(redis: RedisClient, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await redis.send('EVALSHA', [sha, ...rest]);
    } catch (error) {
      if (!String(error).includes('NOSCRIPT')) throw error;
      return redis.send('EVAL', [SCRIPT, ...rest]);
    }
  }

  return {
    async exchange(message, signal) {
      if (closed) throw new Error('closed');
      const given = new Promise<never>((_, reject) => {
        const give = () => reject(new Error('Redis did not answer in time'));
        if (signal.aborted) give();
        else signal.addEventListener('abort', give, { once: true });
      });
      // Nobody may be listening any more when it aborts.
      given.catch(() => undefined);
      try {
        const keys = [
          `${prefix}:seq:${message.replica}`,
          ...message.accounts.map(({ id }) => `${prefix}:${id}`),
        ];
        const asked = connected().then((redis) =>
          run(redis, keys, [write(message), now ? String(now()) : '']),
        );
        asked.catch(() => undefined);
        const reply = read(await Promise.race([asked, given]), message.accounts.length, message.wants.length);
        if (!reply) throw new Error('Redis answered in another shape');
        return reply;
      } catch (error) {
        drop();
        throw error;
      }
    },
    close() {
      closed = true;
      drop();
    },
  };
}
