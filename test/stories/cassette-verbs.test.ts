import { expect, test } from 'bun:test';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { product, until } from '../support/product.ts';
import { simulatorAt } from '../support/simulator.ts';

const MIDWATCH = join(import.meta.dir, '..', '..', 'bin', 'midwatch');

const config = (url: string, prices = '{ input: 1, output: 10 }') => `providers:
  up: { protocol: openai, baseUrl: ${url}/v1, apiKey: sk-secret-of-the-house, prices: { sim-instant: ${prices} } }
routes:
  chat: { tiers: [{ name: primary, targets: [{ provider: up }] }] }
development: { routes: [chat] }
`;
const ask = (content: string) => ({ model: 'sim-instant', messages: [{ role: 'user', content }] });

interface Listed {
  readonly key: string;
  readonly bill?: { readonly microUsd: number };
  readonly releases: readonly string[];
  readonly proposed: boolean;
  readonly accepted: readonly { readonly note: string }[];
}

test('a folder of cassettes: listed with price and release, a miss explained, checked live, another answer reviewed', async () => {
  const sim = simulatorAt();
  const house = await product({ config: config(sim.url), flags: ['--record'] });
  const call = (url: string, content: string) =>
    fetch(`${url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(ask(content)) });
  const mw = async (...args: string[]) => {
    const child = Bun.spawn([MIDWATCH, 'cassettes', ...args], {
      cwd: house.folder,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const out = await new Response(child.stdout).text();
    const err = await new Response(child.stderr).text();
    return { out, err, code: await child.exited };
  };
  const lines = <T>(out: string): T[] =>
    out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as T);

  for (const content of ['What is 2*3?', 'What is 4*5?', 'in 20 words'])
    await (await call(house.url, content)).text();
  // The same once more, as a suite without cassettes does: what is paid again is told.
  for (const content of ['What is 2*3?', 'What is 4*5?']) await (await call(house.url, content)).text();
  const waste = await until(async () => {
    const report = await house.api.waste();
    return report.exchanges === 5 && report;
  }, 'the record of five exchanges');
  expect(waste).toMatchObject({ repeats: 2, undeclared: false, rows: [{ route: 'chat', repeats: 2 }] });
  expect(waste.repeatsMicroUsd / waste.microUsd).toBeGreaterThan(0.1);
  const told = await mw('waste', '--url', house.url, '--token', house.token);
  expect(told).toMatchObject({ code: 0 });
  expect(told.out).toContain('2 of 5');
  // A framework that stamps each run makes every question a new one to the letter, and to a cassette the same.
  for (const run of ['r1', 'r2', 'r3'])
    await (
      await fetch(`${house.url}/v1/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({ ...ask('What is 6*7?'), user: run, metadata: { run } }),
      })
    ).text();
  // Another limit is another question.
  await (
    await fetch(`${house.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...ask('What is 6*7?'), max_tokens: 77 }),
    })
  ).text();
  const stamped = await until(async () => {
    const report = await house.api.waste();
    return report.exchanges === 9 && report;
  }, 'the record of nine exchanges');
  expect(stamped).toMatchObject({ repeats: 2, alike: 4 });
  expect(stamped.alikeMicroUsd).toBeGreaterThan(stamped.repeatsMicroUsd);
  expect(await house.stop()).toBe(0);

  const listed = lines<Listed>((await mw('list', '--json')).out);
  expect(listed).toHaveLength(5);
  for (const { bill, releases, proposed } of listed) {
    expect(bill?.microUsd).toBeGreaterThan(0);
    expect(releases).toHaveLength(1);
    expect(releases[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(proposed).toBe(false);
  }
  const texts = readdirSync(join(house.folder, 'cassettes')).map((name) =>
    readFileSync(join(house.folder, 'cassettes', name), 'utf8'),
  );
  expect(texts.join()).not.toContain('sk-secret-of-the-house');

  // What a person holds who was told of a miss: the body of the request.
  const file = (body: object) => {
    writeFileSync(join(house.folder, 'ask.json'), JSON.stringify(body));
    return 'ask.json';
  };
  expect(await mw('diff', file({ ...ask('What is 2*3?'), user: 'somebody' }))).toMatchObject({ code: 0 });
  const missed = await mw('diff', file({ ...ask('What is 2*3?'), temperature: 0.5 }), '--json');
  expect(missed.code).toBe(1);
  expect(JSON.parse(missed.out)).toMatchObject({
    hit: false,
    nearest: expect.stringMatching(/^[0-9a-f]{32}$/),
    differences: [{ path: 'body.temperature', asked: '0.5' }],
  });

  const before = sim.calls();
  const dear = await mw('verify', '--sample', '100%', '--max-usd', '0.0000001');
  expect(dear).toMatchObject({ code: 1 });
  expect(dear.err).toContain('more than --max-usd');
  expect(await mw('verify', '--sample', '2', '--dry-run')).toMatchObject({ code: 0 });
  expect(sim.calls()).toBe(before);
  const fresh = await mw('verify', '--sample', '100%');
  expect(fresh.out).toContain('5 cassettes of 5 are asked again, which costs at most about $');
  expect(fresh.out).toContain('0 of 5 drifted, 95 % interval');
  expect(fresh.code).toBe(0);
  expect(sim.calls()).toBe(before + 5);
  expect(JSON.parse(readFileSync(join(house.folder, 'cassettes', 'verified.json'), 'utf8'))).toMatchObject({
    sampled: 5,
    of: 5,
    drifted: 0,
  });

  // Recorded once more by another seed, so with another answer: put aside, shown, and taken by a person.
  sim.stop();
  const other = simulatorAt(2);
  const again = await house.again({ config: config(other.url), flags: ['--record'] });
  await (await call(again.url, 'in 20 words')).text();
  expect(await again.stop()).toBe(0);
  const waiting = lines<Listed>((await mw('list', '--json')).out).filter(({ proposed }) => proposed);
  expect(waiting).toHaveLength(1);
  const key = waiting[0]?.key.slice(0, 10) ?? '';
  const shown = await mw('diff', key);
  expect(shown.code).toBe(1);
  expect(shown.out).toContain('its words differ');
  expect(await mw('accept', key)).toMatchObject({ code: 2 });
  expect(await mw('accept', key, '--note', 'a newer model')).toMatchObject({ code: 0 });
  const after = lines<Listed>((await mw('list', '--json')).out).find((one) => one.key.startsWith(key));
  expect(after).toMatchObject({ proposed: false, accepted: [{ note: 'a newer model' }] });
  expect(await mw('accept', key, '--note', 'again')).toMatchObject({ code: 1 });
  expect(await mw('accept', 'ffffff', '--note', 'none')).toMatchObject({ code: 1 });

  // By itself, as far as the cap reaches: what is told by the control plane stands beside the cassettes as well.
  const verify = 'cassettes: { verify: { sample: 1, maxUsd: 5 } }\n';
  const asked = other.calls();
  const weekly = await house.again({ config: config(other.url) + verify });
  const view = await until(async () => {
    const now = await weekly.api.cassettes();
    return now.round && now;
  }, 'the first round');
  expect(view).toMatchObject({
    round: { sampled: 5, of: 5, known: 5, skipped: 0 },
    verify: { every: 7 * 86_400_000 },
  });
  expect(view.next).toBeWithin(Date.now() + 6 * 86_400_000, Date.now() + 8 * 86_400_000);
  expect(view.proofs.map(({ key }) => key).sort()).toEqual(listed.map(({ key: one }) => one).sort());
  expect(other.calls()).toBe(asked + 5);
  expect(await weekly.stop()).toBe(0);
  // The next start is within the week.
  const quiet = await house.again({ config: config(other.url) + verify });
  await Bun.sleep(3_000);
  expect(other.calls()).toBe(asked + 5);
  expect(await quiet.stop()).toBe(0);
  const proofs = lines<{ readonly proof?: { readonly verdict: string; readonly distance: number } }>(
    (await mw('list', '--json')).out,
  );
  expect(proofs.map(({ proof }) => proof?.verdict)).toEqual(Array(5).fill('fresh'));
  expect((await mw('list')).out).toContain('fresh');
  other.stop();
  house.remove();
}, 90_000);
