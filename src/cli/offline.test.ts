import { afterAll, expect, test } from 'bun:test';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lines, workplace } from './testing.ts';

/** What the verbs do where no Midwatch runs. */
const here = workplace();
afterAll(() => here.remove(), 60_000);

/** A port where nothing listens: taken, then given back. */
function quietPort(): number {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() });
  const { port } = server;
  server.stop(true);
  return port as number;
}
const write = (name: string, text: string): string => {
  const path = join(here.folder, name);
  writeFileSync(path, text);
  return path;
};

test('exit codes: 0 for help, 2 for a command line that is wrong, and never a stack', async () => {
  expect(await here.mw(['--help'])).toMatchObject({ code: 0 });
  expect(await here.mw(['--version'])).toMatchObject({ code: 0 });
  for (const args of [
    ['shwo'],
    ['show'],
    ['up', '--port', 'x'],
    ['tail', '--outcome', 'odd'],
    ['drill'],
    ['drill', 'F00'],
    ['drill', 'F26', '--all'],
    ['routes', '--url', 'here'],
  ]) {
    const { code, err } = await here.mw(args);
    expect({ args, code }).toEqual({ args, code: 2 });
    expect(err).not.toContain('    at ');
  }
}, 60_000);

test('nothing answers: one sentence and the remedy', async () => {
  const url = `http://127.0.0.1:${quietPort()}`;
  for (const args of [['routes'], ['tail'], ['show', 'last'], ['keys', 'list'], ['login']]) {
    const { code, out, err } = await here.mw([...args, '--url', url]);
    expect({ args, code, out }).toEqual({ args, code: 1, out: '' });
    expect(err.trim().split('\n')).toEqual([
      `midwatch: Nothing answers at ${url}.`,
      expect.stringContaining('midwatch up'),
    ]);
  }
}, 30_000);

test('with --json every failure is one object on standard error, with the exit code of the prose', async () => {
  const url = `http://127.0.0.1:${quietPort()}`;
  write('broken.yaml', 'provider: {}\n');
  for (const [args, exit, code] of [
    [['routes', '--url', url], 1, 'unreachable'],
    [['show', 'last', '--attempts', '--url', url], 1, 'unreachable'],
    [['shwo'], 2, 'usage'],
    [['tail', '--outcome', 'odd'], 2, 'usage'],
    [['routes', 'show'], 2, 'usage'],
    [['drill', 'F00'], 2, 'usage'],
    [['up', '--config', 'broken.yaml'], 1, 'config'],
    [['up', '--record', '--replay'], 1, 'start'],
  ] as const) {
    const plain = await here.mw(args);
    const ran = await here.mw([...args, '--json']);
    expect({ args, code: ran.code, out: ran.out, plain: plain.code }).toEqual({
      args,
      code: exit,
      out: '',
      plain: exit,
    });
    expect(ran.err.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(ran.err)).toMatchObject({ error: { code, message: expect.any(String) }, exit });
  }
}, 60_000);

test('config check: every problem with its line, in the order of the file', async () => {
  write(
    'bad.yaml',
    'listen: { port: 4004 }\nprovider:\n  openai: {}\nroutes:\n  chat:\n    tiers:\n      - { name: a, target: [] }\n',
  );
  const { code, out } = await here.mw(['config', 'check', 'bad.yaml']);
  expect(code).toBe(1);
  expect(out).toContain('bad.yaml:2: provider: unknown key; did you mean "providers"?');
  expect(out).toContain('bad.yaml:7: routes.chat.tiers[0].target');
  expect(out.indexOf(':2:')).toBeLessThan(out.indexOf(':7:'));
  const asJson = await here.mw(['config', 'check', 'bad.yaml', '--json']);
  expect(JSON.parse(asJson.out)).toMatchObject({ verdict: 'bad', problems: [{ line: 2 }, { line: 7 }] });
});

test('config check: good says what it leads to', async () => {
  write(
    'good.yaml',
    'providers:\n  local: { kind: vllm, baseUrl: "http://127.0.0.1:1/v1" }\nroutes:\n  chat:\n    tiers: [ { name: primary, targets: [ { provider: local, model: llama } ] } ]\n',
  );
  const { code, out } = await here.mw(['config', 'check', 'good.yaml']);
  expect(code).toBe(0);
  expect(out).toContain('good');
  expect(out).toContain('primary: local/llama');
  expect(await here.mw(['config', 'check', 'none.yaml'])).toMatchObject({ code: 1 });
});

test('doctor before the first start: the port and who has it, the provider, the folder', async () => {
  const other = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('not midwatch') });
  const data = join(here.folder, 'data');
  mkdirSync(data);
  chmodSync(data, 0o755);
  write('lock-is-below', '');
  writeFileSync(join(data, 'lock'), JSON.stringify({ pid: 4_000_000, started: '1' }));
  const file = write(
    'doctor.yaml',
    `listen: { port: ${other.port} }\ndata: data\nproviders:\n  openai: { baseUrl: "http://127.0.0.1:${quietPort()}/v1" }\nroutes:\n  chat: { tiers: [ { name: primary, targets: [ { provider: openai } ] } ] }\n`,
  );
  const { code, out } = await here.mw([
    'doctor',
    '-c',
    file,
    '--json',
    '--url',
    `http://127.0.0.1:${quietPort()}`,
  ]);
  await other.stop(true);
  expect(code).toBe(1);
  const { findings } = JSON.parse(out) as {
    findings: { level: string; area: string; what: string; remedy?: string }[];
  };
  const of = (area: string, level: string) =>
    findings.filter((f) => f.area === area && f.level === level).map((f) => f.what);
  expect(of('port', 'bad')).toEqual([expect.stringContaining(`is taken by process ${process.pid}`)]);
  expect(of('provider openai', 'bad')).toEqual([expect.stringContaining('nothing listens there')]);
  expect(of('provider openai', 'warn')).toEqual(['It has no key']);
  expect(of('data folder', 'warn')).toEqual([expect.stringContaining('mode 755')]);
  expect(of('data folder', 'note')).toEqual([expect.stringContaining('4000000, which is gone')]);
  for (const finding of findings.filter((f) => f.level === 'bad')) expect(finding.remedy).toBeTruthy();
});

test('doctor where another program answers', async () => {
  const other = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('hello') });
  const { code, out } = await here.mw(['doctor', '--url', `http://127.0.0.1:${other.port}`]);
  await other.stop(true);
  expect(code).toBe(1);
  expect(out).toContain('is not Midwatch');
});

test('sim: ready, answers, counts, and says what a wrong world is wrong about', async () => {
  const world = write('world.yaml', 'models:\n  gpt-5.5: { prices: { input: 2, output: 10 } }\n');
  const child = here.spawn(['sim', '--port', '0', '--world', world, '--json']);
  const rows = lines(child.stdout);
  const { url } = JSON.parse((await rows.next()).value as string) as { url: string };
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-5.5', messages: [{ role: 'user', content: 'What is 17*23?' }] }),
  });
  expect(await answer.text()).toContain('391');
  child.kill('SIGTERM');
  expect(JSON.parse((await rows.next()).value as string)).toMatchObject({
    event: 'end',
    requests: 1,
    completions: 1,
  });
  expect(await child.exited).toBe(0);
  const wrong = await here.mw(['sim', '--port', '0', '--world', write('wrong.yaml', 'modles: {}\n')]);
  expect(wrong.code).toBe(1);
  expect(wrong.err).toContain('did you mean "models"?');
});

test('drill: one JSON object, its verdict in the exit code', async () => {
  const { code, out } = await here.mw(['drill', 'F26', '--quick', '--seed', '3', '--json']);
  const report = JSON.parse(out) as {
    drill: string;
    verdict: string;
    seeds: number[];
    results: { n: number }[];
  };
  expect(report).toMatchObject({ drill: 'F26', side: 'on', seeds: [3] });
  expect(code).toBe(report.verdict === 'good' ? 0 : report.verdict === 'bad' ? 1 : 3);
  expect(Math.min(...report.results.map((r) => r.n))).toBeGreaterThan(0);
}, 30_000);

test('config check: a route that relies on a fallback nobody has proven is refused, with the remedy, until it is', async () => {
  const route = (level: string) =>
    `providers:
  sim: { kind: simulator, free: true }
routes:
  chat:
    match: { protocol: openai-chat }
    tiers:
      - { name: primary, targets: [{ provider: sim, model: sim }] }
      - { name: spare, minProof: ${level}, targets: [{ provider: sim, model: sim-instant }] }
`;
  write('proof.yaml', route('PROBED'));
  const refused = await here.mw(['config', 'check', 'proof.yaml']);
  expect(refused.code).toBe(1);
  expect(refused.out).toContain('routes.chat.tiers[1].minProof');
  expect(refused.out).toContain('midwatch fallback drill chat');

  const product = here.spawn(['up', '--port', '0', '--json', '--config', 'proof.yaml']);
  let url = '';
  let token = '';
  for await (const line of lines(product.stdout)) {
    ({ url, adminToken: token } = JSON.parse(line) as { url: string; adminToken: string });
    break;
  }
  const mw = (...args: string[]) => here.mw([...args, '--url', url, '--token', token]);
  expect(await mw('fallback', 'status')).toMatchObject({ code: 3, out: expect.stringContaining('unproven') });
  const planned = await mw('fallback', 'drill', 'chat');
  expect(planned).toMatchObject({ code: 3, out: expect.stringContaining('Nobody was called') });
  const drilled = await mw('fallback', 'drill', 'chat', '--fault', '500', '--yes');
  expect(drilled).toMatchObject({ code: 0, out: expect.stringContaining('answered by spare') });
  expect(await mw('fallback', 'status', 'chat')).toMatchObject({ code: 0 });
  expect(await mw('fallback', 'status', 'chart')).toMatchObject({ code: 1 });
  expect((await mw('audit', '--action', 'fallback.drill', '--json')).out).toContain('"subject":"chat"');
  product.kill('SIGTERM');
  await product.exited;
  expect(await here.mw(['config', 'check', 'proof.yaml'])).toMatchObject({ code: 0 });
  write('proof.yaml', route('EXERCISED'));
  expect((await here.mw(['config', 'check', 'proof.yaml'])).out).toContain('exercise.share');
}, 60_000);
