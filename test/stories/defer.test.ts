import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monthOf } from '../support/month.ts';
import { type Product, product, until } from '../support/product.ts';
import { type ScriptedUpstream, scriptedUpstream } from '../support/upstream.ts';

/** Runs that can wait are put off to a calmer hour, where a month of the provider is known; what holds a connection never is. */
const HOUR = 3_600_000;
let up: ScriptedUpstream;
let house: Product;

const config = (port: number) => `
providers:
  up: { protocol: openai, baseUrl: "http://127.0.0.1:${port}/v1", apiKey: x, free: true }
routes:
  known:
    match: { model: known }
    defer: { within: 6h }
    tiers: [ { name: primary, targets: [ { provider: up, model: m } ] } ]
  strange:
    match: { model: strange }
    tiers: [ { name: primary, targets: [ { provider: up, model: other } ] } ]
`;

beforeAll(async () => {
  up = await scriptedUpstream();
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-story-'));
  const now = Date.now();
  // For hours around this one of every day it takes three times as long as else.
  const near = (at: number) => Math.abs(((at - now + 40.5 * 24 * HOUR) % (24 * HOUR)) - 12 * HOUR) < 3 * HOUR;
  mkdirSync(join(folder, '.midwatch'), { recursive: true });
  writeFileSync(
    join(folder, '.midwatch', 'climate.json'),
    JSON.stringify(monthOf({ provider: 'up', model: 'm' }, (at) => (near(at) ? 900 : 300), now)),
  );
  house = await product({ config: config(up.port), folder });
}, 60_000);
beforeEach(() => {
  up.heard.length = 0;
  up.play({
    status: 200,
    headers: { 'content-type': 'application/json' },
    framing: 'length',
    parts: [
      JSON.stringify({
        id: 'c1',
        object: 'chat.completion',
        created: 1,
        model: 'm',
        choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      }),
    ],
  });
});
afterAll(async () => {
  await house.stop();
  house.remove();
  await up.stop();
}, 120_000);

interface Told {
  readonly id: string;
  readonly status: string;
  readonly begins_at: number | null;
  readonly deferral?: string;
}
const submit = async (more: object, headers: Record<string, string> = {}, model = 'known') => {
  const answer = await fetch(`${house.url}/v1/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      endpoint: '/v1/chat/completions',
      body: { model, messages: [{ role: 'user', content: 'hi' }] },
      ...more,
    }),
  });
  expect(answer.status).toBe(202);
  return (await answer.json()) as Told;
};
const ended = ({ id }: Told) =>
  until(async () => (await house.api.runs.get(id))?.run.state === 'succeeded', `the end of ${id}`);
const BATCH = { 'x-midwatch-priority': 'batch' };

test('a run that can wait is put off, says until when and why, and can be cancelled', async () => {
  const before = Date.now();
  const run = await submit({ defer: '8h' });
  expect(run.status).toBe('queued');
  expect(run.begins_at).toBeWithin(before + 30 * 60_000, before + 8 * HOUR + 60_000);
  expect(run.deferral).toMatch(
    /^put off to \w{3} \d\d:00 ET, within the 8 h that it can wait: answers of up\/m then take 0\.[34]\d × as long as now$/,
  );
  // As long as one takes that is not put off.
  await ended(await submit({ defer: 0 }));
  expect(up.heard).toHaveLength(1);
  expect((await house.api.runs.get(run.id)).run).toMatchObject({
    state: 'queued',
    beginsAt: run.begins_at as number,
  });
  expect(await house.api.runs.cancel(run.id)).toMatchObject({ state: 'cancelled' });
});

test('a lane that its route names is put off without saying so; the others are not, nor who says no', async () => {
  const batch = await submit({}, BATCH);
  expect(batch.begins_at).toBeWithin(Date.now(), Date.now() + 6 * HOUR + 60_000);
  for (const one of [await submit({}), await submit({ defer: '0s' }, BATCH)]) {
    expect([one.begins_at, one.deferral]).toEqual([null, undefined]);
    await ended(one);
  }
  expect(up.heard).toHaveLength(2);
});

test('where too little is known, or nothing is calmer in time, it begins at once and says why', async () => {
  const strange = await submit({ defer: '8h' }, {}, 'strange');
  expect([strange.begins_at, strange.deferral]).toEqual([
    null,
    'begins at once: less than four weeks are known of up/other',
  ]);
  const short = await submit({ defer: '30m' });
  expect([short.begins_at, short.deferral]).toEqual([
    null,
    'begins at once: no hour of up/m within 30 m is a tenth calmer',
  ]);
  await Promise.all([ended(strange), ended(short)]);
});

test('a call that holds a connection is never put off', async () => {
  const answer = await fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...BATCH },
    body: JSON.stringify({ model: 'known', messages: [{ role: 'user', content: 'hi' }] }),
  });
  expect(answer.status).toBe(200);
});
