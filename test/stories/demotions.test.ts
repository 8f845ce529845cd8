import { afterAll, beforeAll, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Product, product, until } from '../support/product.ts';

/** Rules of demotion in the whole product: they act, expire, block, are approved and ended, and a restart forgets nothing. */

const rule = (id: string, more: string) =>
  `      - { id: ${id}, from: primary, owner: ana, maxShare: 1, when: { feature: ${id} }, ${more} }`;
const file = (brief: string) => `
providers:
  sim: { kind: simulator, free: true }
routes:
  chat:
    tiers:
      - { name: primary, targets: [ { provider: sim, model: sim-instant } ] }
      - { name: small, targets: [ { provider: sim, model: sim-fast } ] }
      - { name: canned, reply: Out of breath. }
    mix: { primary: { floor: 0.95, owner: ana } }
    demotions:
${rule('brief', `to: small, reason: flag, expiresAt: '${brief}'`)}
${rule('shed', "to: canned, reason: canned, expiresAt: '2099-01-01'")}
${rule('stuck', "to: small, reason: budget, expiresAt: '2020-01-01', onExpire: block")}
${rule('lent', "to: small, reason: router_score, expiresAt: '2020-01-01', onExpire: extend-with-approval")}
`;

let house: Product;
let config = file('2099-01-01');
beforeAll(async () => {
  house = await product({ config });
}, 60_000);
afterAll(async () => {
  await house.stop();
  house.remove();
}, 60_000);

const post = (path: string, feature: string, body: object) =>
  fetch(`${house.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-midwatch-feature': feature,
      'anthropic-version': '2023-06-01',
    },
    body: JSON.stringify({
      model: 'any',
      max_tokens: 20,
      messages: [{ role: 'user', content: 'Hello?' }],
      ...body,
    }),
  });
const ask = async (feature: string) => {
  const response = await post('/v1/chat/completions', feature, {});
  return {
    status: response.status,
    tier: response.headers.get('x-midwatch-tier'),
    id: response.headers.get('x-midwatch-exchange') ?? '',
    text: await response.text(),
  };
};
const recorded = (id: string) =>
  until(() => house.api.exchanges.get(id).then(({ exchange }) => exchange), 'the record');
const ruleOf = async (id: string) => (await house.api.demotions.list()).find((one) => one.id === id);

test('a rule sends its share away and signs the record; a canned one answers and says so', async () => {
  expect(await ask('usual')).toMatchObject({ status: 200, tier: 'primary' });
  const sent = await ask('brief');
  expect(sent.tier).toBe('small');
  expect((await recorded(sent.id)).tier).toEqual({
    intended: 'primary',
    served: 'small',
    demotedBy: 'demotion:brief',
    reason: 'flag',
  });
  const shed = await ask('shed');
  expect([shed.status, shed.tier]).toEqual([200, 'canned']);
  expect(shed.text).toContain('Out of breath.');
  const exchange = await recorded(shed.id);
  expect(exchange.tier).toMatchObject({ served: 'canned', demotedBy: 'demotion:shed', reason: 'canned' });
  expect(exchange.failure?.hint).toContain('Nobody was asked: demotion:shed');
  const { rows } = await house.api.exchanges.list({ route: 'chat' });
  expect(rows.find(({ id }) => id === shed.id)).toMatchObject({ tier: 'canned', demotedBy: 'demotion:shed' });
}, 60_000);

test('an expired rule that blocks refuses in the dialect of its caller and names who decides, until it is ended', async () => {
  const refused = await ask('stuck');
  expect(refused.status).toBe(503);
  expect(JSON.parse(refused.text).error.message).toMatch(/"stuck".*expired.*until ana decides/);
  const anthropic = await post('/v1/messages', 'stuck', {});
  expect(await anthropic.json()).toMatchObject({
    type: 'error',
    error: { type: 'api_error', message: expect.stringContaining('until ana decides') },
  });
  expect((await ask('usual')).tier).toBe('primary');
  const { attention } = await house.api.watch();
  expect(attention.find(({ what }) => what.includes('stuck'))).toMatchObject({ level: 'alarm' });

  expect(await house.api.demotions.end('chat', 'stuck')).toMatchObject({ status: 'ended', held: 2 });
  expect((await ask('stuck')).tier).toBe('primary');
}, 60_000);

test('one that may be extended acts while approved; approving and ending are audited, and wrong ones refused', async () => {
  expect((await ask('lent')).tier).toBe('primary');
  const approved = await house.api.demotions.approve('chat', 'lent', { until: Date.now() + 3_600_000 });
  expect(approved).toMatchObject({ status: 'extended', approval: { by: 'admin' } });
  expect((await ask('lent')).tier).toBe('small');
  const soon = { until: Date.now() + 60_000 };
  await expect(house.api.demotions.approve('chat', 'shed', soon)).rejects.toMatchObject({
    status: 409,
    code: 'not_extendable',
  });
  await expect(house.api.demotions.approve('chat', 'nobody', soon)).rejects.toMatchObject({ status: 404 });
  await expect(house.api.demotions.approve('chat', 'lent', { until: 5 })).rejects.toMatchObject({
    status: 400,
  });
  const { rows } = await house.api.audit();
  expect(
    rows
      .filter(({ action }) => action.startsWith('demotion'))
      .map(({ action, subject, actor }) => [action, subject, actor]),
  ).toEqual([
    ['demotion.approve', 'chat/lent', 'admin'],
    ['demotion.end', 'chat/stuck', 'admin'],
  ]);
}, 60_000);

test('the report is the record: every exchange in its tier, under its rule; the command says that the mix is broken', async () => {
  for (let i = 0; i < 20; i++) await ask('shed');
  const report = await until(async () => {
    const found = await house.api.tiers({ by: 'rule' });
    return (found.routes[0]?.demoted.count ?? 0) >= 23 && found;
  }, 'the report');
  const [route] = report.routes;
  expect(route).toMatchObject({ route: 'chat', primary: 'primary', verdict: 'BREACHED' });
  const counts = Object.fromEntries((route?.rows ?? []).map(({ name, share }) => [name, share.count]));
  expect(counts).toEqual({ 'demotion:shed': 21, 'demotion:brief': 1, 'demotion:lent': 1 });
  // Both refusals reached no tier.
  expect(route?.demoted).toMatchObject({ count: 23, n: 27 });
  expect(route?.tiers.map(({ tier, served }) => [tier, served.count])).toEqual([
    ['primary', 4],
    ['small', 2],
    ['canned', 21],
  ]);
  expect((await house.api.tiers({ by: 'reason' })).routes[0]?.rows.map(({ name }) => name).sort()).toEqual([
    'canned',
    'flag',
    'router_score',
  ]);
  const cli = Bun.spawn(
    [
      join(import.meta.dir, '..', '..', 'bin', 'midwatch'),
      'tiers',
      'report',
      '--since',
      '2h',
      '--url',
      house.url,
      '--token',
      house.token,
    ],
    { cwd: house.folder, stdout: 'pipe', stderr: 'inherit' },
  );
  const said = await new Response(cli.stdout).text();
  expect(await cli.exited).toBe(1);
  expect(said).toContain('broken');
  expect(said).toContain('demotion:shed');
}, 60_000);

test('a rule stops at its end by itself, without a reload', async () => {
  const end = Date.now() + 5_000;
  config = file(new Date(end).toISOString());
  writeFileSync(join(house.folder, 'midwatch.yaml'), config);
  await until(async () => (await ruleOf('brief'))?.expiresAt === end, 'the reload');
  const asked = [await ask('brief')];
  while (asked.at(-1)?.tier === 'small') asked.push(await ask('brief'));
  const exchanges = await Promise.all(asked.map(({ id }) => recorded(id)));
  for (const { at, tier } of exchanges) expect([at, tier.served === 'small']).toEqual([at, at < end]);
  expect(exchanges.length).toBeGreaterThan(1);
  expect(await ruleOf('brief')).toMatchObject({ status: 'expired' });
}, 60_000);

test('a restart forgets neither what was taken nor what a person has said', async () => {
  const before = await house.api.demotions.list();
  expect(await house.stop()).toBe(0);
  house = await house.again({ config });
  const after = await house.api.demotions.list();
  const plain = (rules: typeof before) => rules.map(({ left: _, ...one }) => one);
  expect(plain(after)).toEqual(plain(before));
  expect((await ask('lent')).tier).toBe('small');
  expect((await ask('stuck')).tier).toBe('primary');
}, 60_000);
