import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Product, product } from '../support/product.ts';

/** Every example as a newcomer runs it, against the product with its simulator. One that is not run here does not belong there. */
setDefaultTimeout(60_000);
const ROOT = join(import.meta.dir, '..', '..');
const BUN = process.execPath;
const example = (name: string) => join('examples', name);
const source = (name: string) => readFileSync(join(ROOT, example(name)), 'utf8');
const ran = new Set<string>();

let house: Product;
/** Stopped whatever becomes of the test: a child that stays holds the output of the whole run open. */
const leftovers: (() => unknown)[] = [];
beforeAll(async () => {
  house = await product();
});
afterAll(async () => {
  for (const stop of leftovers) await stop();
  await house.stop();
  house.remove();
});

async function run(
  name: string,
  command: readonly string[],
  { env = {}, during }: { env?: Readonly<Record<string, string>>; during?: () => Promise<unknown> } = {},
): Promise<string> {
  ran.add(name);
  const child = Bun.spawn([...command], {
    cwd: ROOT,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    env: { PATH: process.env.PATH ?? '', MIDWATCH_URL: house.url, ...env },
  });
  const over = Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (during) while (child.exitCode === null) await Promise.all([during(), Bun.sleep(50)]);
  const [out, errors, code] = await over;
  expect({ name, code, errors }).toEqual({ name, code: 0, errors: '' });
  return out;
}

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/;
const PROGRAMS: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  'openai-chat.mjs': ['391', ID, 'complete'],
  'openai-stream-tools.mjs': [/^get_weather\(\{.*"city".*\) → \{.*"celsius":21/, /\n\S.{5,}/],
  'anthropic-messages.mjs': ['391', /end_turn after \d+ tokens/],
  'ai-sdk.mjs': [/^openai: .*391/, /\nanthropic: .*391/],
  'cut-stream.mjs': [/^not whole, after [1-9]\d* characters: ./],
};
for (const [name, says] of Object.entries(PROGRAMS))
  test(name, async () => {
    const out = await run(name, ['node', example(name)]);
    for (const what of says) expect(out).toMatch(what);
  });

test('curl.sh', async () => {
  const out = await run('curl.sh', ['sh', example('curl.sh')]);
  expect(out.match(/391/g)?.length).toBeGreaterThanOrEqual(2);
  for (const what of ['event: message_stop', '"embedding":[', '"object":"list"', /x-midwatch-exchange: /i])
    expect(out).toMatch(what);
});

test('live.ts, with a token that can only read', async () => {
  const { token } = await house.api.tokens.create({ name: 'live', role: 'viewer' });
  const out = await run('live.ts', [BUN, example('live.ts'), '3'], {
    env: { MIDWATCH_TOKEN: token },
    during: () =>
      fetch(`${house.url}/v1/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({ model: 'sim-instant', messages: [{ role: 'user', content: 'hi' }] }),
      }).then((response) => response.text()),
  });
  expect(out).toMatch(/^connected\n(complete simulator sim-instant \d+ ms \$0\.000000\n){3}$/);
});

test('midwatch.yaml over world.yaml: the first tier fails, the second answers, and no caller sees it', async () => {
  const checked = await run('midwatch.yaml', ['bin/midwatch', 'config', 'check', example('midwatch.yaml')], {
    env: { OPENAI_API_KEY: 'sk-example', GROQ_API_KEY: 'gsk-example' },
  });
  for (const what of ['good', 'openai', 'groq', 'support', 'canned reply']) expect(checked).toContain(what);

  ran.add('world.yaml');
  const world = Bun.spawn(
    ['bin/midwatch', 'sim', '--world', example('world.yaml'), '--port', '0', '--json'],
    { cwd: ROOT, stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' },
  );
  leftovers.push(() => world.kill('SIGTERM'));
  const reader = world.stdout.getReader();
  const { url } = JSON.parse(new TextDecoder().decode((await reader.read()).value)) as { url: string };
  const spare = await product({
    config: source('midwatch.yaml').replace(
      /https:\/\/api\.openai\.com\/v1|https:\/\/api\.groq\.com\/openai\/v1/g,
      `${url}/v1`,
    ),
    env: { OPENAI_API_KEY: 'sk-example', GROQ_API_KEY: 'gsk-example' },
  });
  leftovers.push(async () => {
    await spare.stop();
    spare.remove();
  });
  const response = await fetch(`${spare.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'support', messages: [{ role: 'user', content: 'What is 17*23?' }] }),
  });
  const told = (name: string) => response.headers.get(`x-midwatch-${name}`);
  expect([response.status, told('tier'), told('outcome')]).toEqual([200, 'spare', 'complete']);
  expect(Number(told('attempts'))).toBeGreaterThan(1);
  expect(await response.text()).toContain('391');
});

test('every example ran, and says in two lines what it is and how to run it', () => {
  const there = readdirSync(join(ROOT, 'examples')).filter((name) => name !== 'README.md');
  expect(there.sort()).toEqual([...ran].sort());
  for (const name of there) {
    const [what = '', how] = source(name)
      .replace(/^#!.*\n/, '')
      .split('\n');
    expect(what).toMatch(/^(\/\/|#) \S.{20,}/);
    expect(how).toContain(example(name));
    expect(source('README.md')).toContain(`(${name})`);
  }
});
