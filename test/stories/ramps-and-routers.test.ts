import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RampJudged, RampView, RouterView } from '#contracts';
import { type Product, product, until } from '../support/product.ts';

/** Routes on their way to a new path, and routes with two models, as an operator lives with them. */

const MIDWATCH = join(import.meta.dir, '..', '..', 'bin', 'midwatch');
let house: Product;
let classifier: ReturnType<typeof Bun.serve>;
const asked: { readonly text: string; readonly facets: { readonly turns: number } }[] = [];

const configOf = (harm: number) =>
  JSON.stringify({
    providers: {
      simulator: {
        kind: 'simulator',
        prices: { 'sim-instant': { input: 10, output: 10 }, sim: { input: 1, output: 1 } },
      },
    },
    routes: {
      ramped: {
        match: { model: 'ramped' },
        tiers: [
          { name: 'old', targets: [{ provider: 'simulator', model: 'sim-instant' }] },
          { name: 'new', targets: [{ provider: 'simulator', model: 'sim-fault-refusal' }] },
        ],
        ramp: { to: 'new', stages: [[0, 100]], edges: [0.2], baseline: 0.02, minimum: 5, harm },
      },
      halved: {
        match: { model: 'halved' },
        tiers: [
          { name: 'old', targets: [{ provider: 'simulator', model: 'sim-instant' }] },
          { name: 'new', targets: [{ provider: 'simulator', model: 'sim-instant' }] },
        ],
        ramp: { to: 'new', stages: [[0, 50]], edges: [0.2], baseline: 0.02, minimum: 5, harm: 50 },
      },
      judged: {
        match: { model: 'judged' },
        tiers: [
          { name: 'old', targets: [{ provider: 'simulator', model: 'sim-instant' }] },
          { name: 'new', targets: [{ provider: 'simulator', model: 'sim-instant' }] },
        ],
        ramp: {
          to: 'new',
          stages: [[0, 100]],
          edges: [0.2],
          baseline: 0.02,
          minimum: 5,
          harm: 50,
          verdicts: true,
        },
      },
      ...Object.fromEntries(
        ['routed', 'silent'].map((name) => [
          name,
          {
            match: { model: name },
            tiers: [
              { name: 'large', targets: [{ provider: 'simulator', model: 'sim-instant' }] },
              { name: 'small', targets: [{ provider: 'simulator', model: 'sim' }] },
            ],
            router: {
              cheap: 'small',
              dear: 'large',
              expectedEscalation: 0.3,
              holdback: 0.01,
              classifier: {
                url: `http://127.0.0.1:${classifier.port}/${name}`,
                timeout: name === 'silent' ? '20ms' : '10s',
              },
            },
          },
        ]),
      ),
    },
  });

beforeAll(async () => {
  classifier = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      if (new URL(request.url).pathname === '/silent') return new Promise<Response>(() => undefined);
      asked.push((await request.json()) as (typeof asked)[number]);
      return Response.json({ p: 0.9 });
    },
  });
  house = await product({ config: configOf(50) });
}, 60_000);

afterAll(async () => {
  await house.stop();
  house.remove();
  await classifier.stop(true);
}, 60_000);

async function ask(model: string, text: string, thread: string): Promise<string> {
  const response = await fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-midwatch-thread': thread },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: text }] }),
  });
  expect(response.status).toBe(200);
  return await response.text();
}

async function mw<T>(...args: readonly string[]) {
  const child = Bun.spawn([MIDWATCH, ...args, '--json', '--url', house.url, '--token', house.token], {
    cwd: house.folder,
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const out = await new Response(child.stdout).text();
  return { code: await child.exited, told: (out === '' ? undefined : JSON.parse(out)) as T };
}

const long = 'word '.repeat(400);
const ramp = async (): Promise<RampView> => {
  const [only] = await house.api.ramps.list();
  if (!only) throw new Error('no ramp');
  return only;
};
const attention = async () => (await house.api.watch()).attention.map(({ what }) => what);

test('hard asks on a broken new path are sent back, at once, to stay there over a restart', async () => {
  expect(await mw<RampView>('ramp', 'status', 'ramped')).toMatchObject({
    code: 3,
    told: { phase: 'ramping', gate: { verdict: 'wait', bucket: 2 } },
  });
  expect(await ask('ramped', 'short', 'easy')).not.toContain('"refusal":"');
  for (let i = 0; !(await ramp()).buckets[1]?.rolledBack; i++) {
    expect(i).toBeLessThan(40);
    expect(await ask('ramped', long, `hard ${i}`)).toContain('"refusal":"');
  }
  expect(await ask('ramped', long, 'after')).not.toContain('"refusal":"');
  expect(await attention()).toContain('ramped: the ramp to new was rolled back for bucket 2');
  expect((await mw('ramp', 'status', 'ramped')).code).toBe(1);

  await house.stop();
  house = await house.again();
  expect((await ramp()).buckets[1]?.rolledBack?.why).toContain('expected 2 %');
  expect(await ask('ramped', long, 'restarted')).not.toContain('"refusal":"');
}, 60_000);

test('an application can ask beforehand where its ask will go, and is told the truth', async () => {
  const { decide } = house.api.ramps;
  const bodyOf = (text: string) => ({ model: 'halved', messages: [{ role: 'user', content: text }] });
  const paths: string[] = [];
  for (let i = 0; i < 40; i++) {
    const thread = `foreseen ${i}`;
    const said = await decide('halved', { ask: bodyOf(long), thread });
    const response = await fetch(`${house.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-midwatch-thread': thread },
      body: JSON.stringify(bodyOf(long)),
    });
    await response.text();
    expect(said).toMatchObject({ bucket: 2, tier: response.headers.get('x-midwatch-tier') as string });
    expect(said.tier).toBe(said.path);
    paths.push(said.path);
  }
  expect(new Set(paths).size).toBe(2);
  expect(await decide('halved', { ask: bodyOf('Hi.'), thread: 'easy' })).toMatchObject({
    path: 'old',
    bucket: 1,
  });
  const halved = (await house.api.ramps.list()).find(({ route }) => route === 'halved');
  expect((halved?.buckets[1]?.n ?? 0) + (halved?.buckets[1]?.old ?? 0)).toBe(40);
  expect(halved?.buckets[0]).toMatchObject({ n: 0, old: 0 });
  const refusal = (asked: Promise<unknown>) => asked.then(String, (error: Error) => error.message);
  expect(await refusal(decide('halved', { ask: bodyOf(long) }))).toContain('without a session');
  expect(await refusal(decide('halved', { ask: bodyOf(long), thread: 't', protocol: 'morse' }))).toContain(
    'morse',
  );
  expect(await refusal(decide('routed', { ask: bodyOf(long), thread: 't' }))).toContain('has no ramp');
}, 60_000);

test('bad answers that look like good ones are told by a judge, after the answer, and send the bucket back', async () => {
  const judged = async () => (await house.api.ramps.list()).find(({ route }) => route === 'judged');
  const exchanges: string[] = [];
  for (let i = 0; i < 12; i++) {
    const response = await fetch(`${house.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-midwatch-thread': `judged ${i}` },
      body: JSON.stringify({ model: 'judged', messages: [{ role: 'user', content: long }] }),
    });
    await response.text();
    exchanges.push(response.headers.get('x-midwatch-exchange') ?? '');
  }
  const [first, ...others] = exchanges as [string, ...string[]];
  expect((await judged())?.buckets[1]).toMatchObject({ n: 0, unjudged: 12 });
  expect(await mw<RampJudged>('ramp', 'judge', 'judged', first, '--bad')).toMatchObject({
    code: 0,
    told: { counted: 1, unknown: [] },
  });
  expect(await mw<RampJudged>('ramp', 'judge', 'judged', first, '--good')).toMatchObject({
    code: 3,
    told: { counted: 0, unknown: [first] },
  });
  expect((await mw('ramp', 'judge', 'judged', first)).code).toBe(2);
  expect((await mw('ramp', 'judge', 'ramped', first, '--bad')).code).toBe(1);
  expect((await mw('ramp', 'judge', 'nope', first, '--bad')).code).toBe(1);
  const verdicts = others.map((exchange) => ({ exchange, good: false }));
  const told = await house.api.ramps.judge('judged', verdicts);
  expect(told.ramp.buckets[1]?.rolledBack?.why).toContain('expected 2 %');
  const { rows } = await house.api.audit({ action: 'ramp.judge' });
  expect(rows).toHaveLength(3);
  expect(rows[0]).toMatchObject({ subject: 'judged', detail: { bad: 11, unknown: 0 } });
}, 60_000);

test('an operator opens it again, is told what stays closed, and leaves a trace; another plan begins anew', async () => {
  expect(await mw<RampView>('ramp', 'reset', 'ramped', '--bucket', '2')).toMatchObject({
    code: 0,
    told: { phase: 'ramping' },
  });
  await expect(house.api.ramps.advance('ramped')).rejects.toMatchObject({ code: 'ramp_stays' });
  await expect(house.api.ramps.advance('routed')).rejects.toMatchObject({ status: 404 });
  await house.api.ramps.rollback('ramped', { bucket: 1, why: 'holidays' });
  expect((await ramp()).buckets[0]?.rolledBack?.why).toBe('holidays');
  const { rows } = await house.api.audit();
  expect(
    rows
      .map(({ action }) => action)
      .filter((action) => action.startsWith('ramp.') && action !== 'ramp.judge'),
  ).toEqual(['ramp.rollback', 'ramp.reset']);
  writeFileSync(join(house.folder, 'midwatch.yaml'), configOf(60));
  await house.api.reload();
  expect((await ramp()).buckets[0]).toMatchObject({ n: 0 });
  expect((await ramp()).buckets[0]?.rolledBack).toBeUndefined();
  expect(house.log()).toContain('ramp.anew');
}, 60_000);

test('a classifier chooses by what was said, secrets masked; a silent one is not waited for and costs money only', async () => {
  const secret = `sk-proj-${'a1B2c3D4'.repeat(6)}`;
  for (let i = 0; i < 5; i++) {
    await ask('routed', `which is the ${i}th thing that I should mend here with ${secret}`, `r${i}`);
    await ask('silent', `which is the ${i}th thing that I should mend here`, `s${i}`);
  }
  expect(asked.length).toBeGreaterThan(0);
  expect(asked[0]?.text).toContain('thing that I should mend');
  expect(JSON.stringify(asked)).not.toContain(secret);
  expect(asked[0]?.facets.turns).toBe(1);
  const { code, told } = await mw<RouterView>('router', 'report', 'silent');
  expect(code).toBe(3);
  expect(told.escalation.estimate).toBe(1);
  expect(told.classifier?.late).toBe(told.classifier?.asked as number);
  const [routed] = (await house.api.routers()).filter(({ route }) => route === 'routed');
  expect(routed?.classifier).toMatchObject({ late: 0, failed: 0 });
  expect(routed?.tasks.open).toBe(5);
  expect(routed?.escalation.estimate).toBe(0);
  // Without pairs of both answers nothing is suggested, with an instance or from its folder alone.
  const tuned = await mw<{ verdict: string }>('router', 'tune', 'routed');
  expect(tuned).toMatchObject({
    code: 3,
    told: { verdict: 'undecided', classifier: { pairs: 0, threshold: 0.5 } },
  });
  const asks = routed?.classifier?.asked;
  const books = join(house.folder, '.midwatch', 'routers.json');
  await until(
    async () => JSON.parse(readFileSync(books, 'utf8')).routed.classifier.asked === asks,
    'the books on disk',
  );
  const offline = Bun.spawn([MIDWATCH, 'router', 'tune', 'routed', '--offline', '--json'], {
    cwd: house.folder,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
  });
  const saved = JSON.parse(await new Response(offline.stdout).text());
  expect(saved).toMatchObject({
    verdict: 'undecided',
    classifier: { pairs: 0, asked: asks },
  });
  expect(await offline.exited).toBe(3);
}, 60_000);
