import { expect } from 'bun:test';
import { type RedisServer, startRedis } from '#ledger/testing';
import { createMidwatch, type Midwatch } from '#sdk';
import { freshDatabase } from '#store/testing';
import { type Product, product, until } from './product.ts';
import { type Provider, provider } from './provider.ts';

/** Gateways of the whole product before the same two providers, on one database and one Redis. */
export interface Replicas {
  /** In the order in which they began; whoever ends one takes it out, or puts its successor in its place. */
  readonly houses: Product[];
  /** What each of them is started with. */
  readonly env: Readonly<Record<string, string>>;
  readonly redis: RedisServer;
  readonly first: Provider;
  readonly second: Provider;
  /** One more. `config`: YAML without `redis`, which goes before it unless the replicas are `apart`. */
  start(config: string): Promise<Product>;
  /** The first has made the admin token of all. */
  api(house: Product): Midwatch;
  /** Until so many know of each other; and who has just begun asks the others for a while where they stand. */
  met(many: number): Promise<void>;
  stop(): Promise<void>;
}

/** `apart`: the database alone is shared. */
export async function replicas({ apart = false }: { readonly apart?: boolean } = {}): Promise<Replicas> {
  const houses: Product[] = [];
  const database = await freshDatabase();
  const redis = await startRedis();
  const env = { DATABASE_URL: database.url };
  const [first, second] = [provider(), provider()];
  const api = (house: Product) => createMidwatch({ baseUrl: house.url, token: (houses[0] as Product).token });
  return {
    houses,
    env,
    redis,
    first,
    second,
    api,
    async start(config) {
      const house = await product({
        config: apart ? config : `redis: ${redis.url}\n${config}`,
        env,
      });
      houses.push(house);
      return house;
    },
    async met(many) {
      const peers = async () =>
        Promise.all(houses.map(async (house) => (await api(house).system()).replicas?.peers.length));
      await until(
        async () => (await peers()).every((n) => n === many - 1),
        `${many} replicas to have met`,
        30_000,
      );
      await Bun.sleep(ASKS_AROUND_MS);
    },
    async stop() {
      await Promise.all(houses.map((house) => house.stop()));
      for (const house of houses) house.remove();
      first.stop();
      second.stop();
      await redis.stop();
      await database.drop();
    },
  };
}

const ASKS_AROUND_MS = 3_500;

/** Asks on a connection of its own, so that every thread of a house is met; returns the tier that served. */
export async function askForTier(
  house: Product,
  model: string,
  { thread, text = 'Well?' }: { readonly thread?: string | undefined; readonly text?: string } = {},
): Promise<string | null> {
  const response = await fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { connection: 'close', ...(thread !== undefined && { 'x-midwatch-thread': thread }) },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: text }] }),
  });
  await response.text();
  expect(response.status).toBe(200);
  return response.headers.get('x-midwatch-tier');
}
