import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { product, until } from '../support/product.ts';

const MIDWATCH = join(import.meta.dir, '..', '..', 'bin', 'midwatch');
const CONFIG = `providers:
  sim: { kind: simulator, free: true }
routes:
  chat: { match: { model: chat }, tiers: [{ name: primary, targets: [{ provider: sim, model: sim-instant }] }] }
`;

test('where the tail of a route comes from, by its own record; too few exchanges are no verdict, and no route is none', async () => {
  const house = await product({ config: CONFIG });
  const ask = () =>
    fetch(`${house.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({
        model: 'chat',
        stream: true,
        stream_options: { include_usage: true },
        messages: [{ role: 'user', content: 'in 12 words' }],
      }),
    }).then((response) => response.text());
  const explain = async (...args: readonly string[]) => {
    const child = Bun.spawn(
      [MIDWATCH, 'latency', 'explain', ...args, '--url', house.url, '--token', house.token],
      { cwd: house.folder, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
    );
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    return { code: await child.exited, out, err };
  };
  const recorded = (n: number) =>
    until(async () => (await house.api.exchanges.list({ limit: 500 })).rows.length === n, `${n} exchanges`);
  expect((await explain('chat')).code).toBe(3);
  for (let i = 0; i < 20; i++) await ask();
  await recorded(20);
  const few = await explain('chat');
  expect(few).toMatchObject({ code: 3 });
  expect(few.out).toContain('20 of the 100 exchanges');
  for (let i = 0; i < 110; i++) await ask();
  await recorded(130);
  const whole = JSON.parse((await explain('chat', '--first-token', '1m', '--gap', '1m', '--json')).out);
  expect(whole).toMatchObject({ route: 'chat', n: 130, more: false, goodput: { share: { estimate: 1 } } });
  expect(whole.chains[1]).toEqual({ calls: 10, risk: 1 - 0.99 ** 10 });
  expect(whole.excess.firstToken + whole.excess.length + whole.excess.pace).toBeCloseTo(1, 9);
  // 130 answers do not reach the 99.5th hundredth of themselves.
  expect(whole.useful).toMatchObject({ n: 130 });
  expect(whole.useful.upper).toBeUndefined();
  expect(JSON.parse((await explain('chat', '--most', '50', '--json')).out)).toMatchObject({
    n: 50,
    more: true,
  });
  const none = await explain('chta');
  expect(none.code).not.toBe(0);
  expect(none.err).toContain('chta');
  expect(await house.stop()).toBe(0);
  house.remove();
}, 90_000);
