import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { product, until } from '../support/product.ts';

const MIDWATCH = join(import.meta.dir, '..', '..', 'bin', 'midwatch');
const CONFIG = `providers:
  sim: { kind: simulator, free: true, quota: { requestsPerMinute: 60 } }
routes:
  chat: { match: { model: chat }, tiers: [{ name: primary, targets: [{ provider: sim, model: sim-instant }] }] }
`;

interface Forecast {
  readonly all: { readonly asked: number; readonly refused: number };
  readonly tenants: Readonly<Record<string, { readonly asked: number; readonly refused: number }>>;
  readonly scopes: readonly { readonly scope: string; readonly binding: string }[];
  readonly record?: { readonly exchanges: number; readonly more: boolean };
}

test('what the limits would do to the traffic of the last day, several times over, by tenant; nobody is asked for it', async () => {
  const house = await product({ config: CONFIG });
  for (const tenant of ['acme', 'acme', 'acme', 'zebra'])
    await fetch(`${house.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'x-midwatch-tenant': tenant },
      body: JSON.stringify({ model: 'chat', messages: [{ role: 'user', content: 'hello' }] }),
    });
  const stored = async () => (await house.api.exchanges.list()).rows.length;
  await until(async () => (await stored()) === 4, 'the record of four exchanges');
  const simulate = async (...args: readonly string[]) => {
    const child = Bun.spawn([MIDWATCH, 'quota', 'simulate', '--json', ...args], {
      cwd: house.folder,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const out = await new Response(child.stdout).text();
    return { code: await child.exited, told: JSON.parse(out) as Forecast };
  };
  const here = ['--url', house.url, '--token', house.token];
  const once = await simulate(...here);
  expect(once).toMatchObject({
    code: 0,
    told: {
      all: { asked: 4, refused: 0 },
      tenants: { acme: { asked: 3 }, zebra: { asked: 1 } },
      record: { exchanges: 4, more: false },
    },
  });
  const hundredfold = await simulate(...here, '--times', '100');
  expect(hundredfold.code).toBe(1);
  expect(hundredfold.told).toMatchObject({
    all: { asked: 400 },
    scopes: [{ scope: 'sim *', binding: 'requests' }],
  });
  expect(hundredfold.told.all.refused).toBeGreaterThan(100);
  expect(await stored()).toBe(4);
  expect(await house.stop()).toBe(0);
  // A given load needs nobody.
  expect(await simulate('--requests', '30', '--minutes', '5')).toMatchObject({
    code: 0,
    told: { all: { refused: 0 } },
  });
  expect(await simulate('--requests', '120', '--minutes', '5')).toMatchObject({ code: 1 });
  house.remove();
}, 60_000);
