import type { ExchangeFacts } from '#contracts';
import { type TestGateway, testGateway } from './gateway.ts';
import { type Behaviour, type Puppet, puppet } from './puppet.ts';
import { OPENAI, type Tongue } from './tongues.ts';

/** A gateway before one or two providers that do as the test says, tier by tier. */
export interface PuppetHouse {
  readonly house: TestGateway;
  readonly first: Puppet;
  readonly second: Puppet;
  /** The record of the exchange that ended as the n-th, as soon as it is there. */
  record(n: number): Promise<ExchangeFacts>;
  stop(): Promise<void>;
}

export interface PuppetHouseOptions {
  readonly tongue: Tongue;
  /** Of the second tier; by default there is none. */
  readonly second?: Behaviour;
  /** Of the route `chat`. */
  readonly route?: object;
  /** Of the first provider. */
  readonly provider?: object;
}

export async function puppetHouse(first: Behaviour, options: PuppetHouseOptions): Promise<PuppetHouse> {
  const one = await puppet(first);
  const two = await puppet(options.second);
  const { tongue } = options;
  const entry = (port: number) => ({
    protocol: tongue.name,
    baseUrl: `http://127.0.0.1:${port}${tongue === OPENAI ? '/v1' : ''}`,
    apiKey: 'sk-provider-key-of-the-house-0000',
  });
  const house = testGateway({
    providers: { first: { ...entry(one.port), ...options.provider }, second: entry(two.port) },
    routes: {
      chat: {
        tiers: [
          { name: 'primary', targets: [{ provider: 'first', model: 'm-1' }] },
          ...(options.second ? [{ name: 'fallback', targets: [{ provider: 'second', model: 'm-1' }] }] : []),
        ],
        ...options.route,
      },
    },
  });
  return {
    house,
    first: one,
    second: two,
    async record(n) {
      await eventually(() => house.finished.length > n);
      return (house.finished[n] as (typeof house.finished)[number]).facts;
    },
    async stop() {
      house.stop();
      await one.stop();
      await two.stop();
    },
  };
}

/** Waits for a fact, not for a time. */
export async function eventually(is: () => boolean, ms = 10_000): Promise<void> {
  for (const end = performance.now() + ms; !is(); await Bun.sleep(5))
    if (performance.now() > end) throw new Error(`waited ${ms} ms in vain for ${is}`);
}
