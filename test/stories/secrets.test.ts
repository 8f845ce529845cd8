import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SQL } from 'bun';
import { seeded } from '#kernel';
import { type Product, product, until } from '../support/product.ts';
import { openai } from '../support/speech.ts';
import { type ScriptedUpstream, scriptedUpstream } from '../support/upstream.ts';

/** 200 secrets in prompts, tool arguments, headers, errors and answers: none in logs, spool, database, API or error bodies. */
setDefaultTimeout(90_000);
const SECRETS = 200;
let up: ScriptedUpstream;
let house: Product;
const PROVIDER_KEY = 'sk-proj-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789houseKEY';

beforeAll(async () => {
  up = await scriptedUpstream();
  house = await product({
    env: { HOUSE_KEY: PROVIDER_KEY },
    config: [
      'providers:',
      `  up: { protocol: openai, baseUrl: "http://127.0.0.1:${up.port}/v1", apiKey: "\${HOUSE_KEY}" }`,
      'routes:',
      '  chat: { tiers: [ { name: primary, targets: [ { provider: up } ] } ] }',
      '  quiet: { match: { model: quiet }, record: none, tiers: [ { name: primary, targets: [ { provider: up } ] } ] }',
      '  careful: { match: { model: careful }, record: masked, tiers: [ { name: primary, targets: [ { provider: up } ] } ] }',
    ].join('\n'),
  });
});
afterAll(async () => {
  await house.stop();
  await up.stop();
  house.remove();
});

const random = seeded('secrets');
const letters = (n: number, alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789') =>
  Array.from({ length: n }, () => alphabet[Math.floor(random() * alphabet.length)]).join('');
const MAKERS: readonly (() => string)[] = [
  () => `sk-proj-${letters(48)}`,
  () => `sk-ant-api03-${letters(80)}AA`,
  () => `AKIA${letters(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`,
  () => `ghp_${letters(36)}`,
  () => `xoxb-${letters(12, '0123456789')}-${letters(24)}`,
  () => `AIza${letters(35)}`,
  () => `mw_${letters(43)}`,
  () => `hf_${letters(34)}`,
  () => `eyJ${letters(30)}.eyJ${letters(60)}.${letters(43)}`,
];

interface Planted {
  readonly secret: string;
  /** Its core: masking may keep a recognisable beginning, never this. */
  readonly core: string;
}
const planted: Planted[] = Array.from({ length: SECRETS }, (_, i) => {
  const secret = (MAKERS[i % MAKERS.length] as () => string)();
  return { secret, core: secret.slice(Math.max(8, Math.floor(secret.length / 3))) };
});

test(`${SECRETS} planted secrets reach the provider and nothing else`, async () => {
  const errors: string[] = [];
  for (const [i, { secret }] of planted.entries()) {
    const way = i % 6;
    const messages: object[] = [{ role: 'user', content: way === 0 ? `use ${secret} to log in` : 'hello' }];
    if (way === 1)
      messages.push({
        role: 'assistant',
        content: null,
        tool_calls: [
          {
            id: 'c1',
            type: 'function',
            function: { name: 'login', arguments: JSON.stringify({ note: `line\n"quoted" ${secret}` }) },
          },
        ],
      });
    if (way === 2)
      messages.push({
        role: 'user',
        content: [{ type: 'text', text: `Authorization: Bearer ${secret}\nHost: x` }],
      });
    if (way === 3)
      up.play({
        status: 400,
        headers: openai.json,
        parts: [openai.error('invalid_request_error', `bad key ${secret} given`)],
      });
    else if (way === 4) up.play({ headers: openai.json, parts: [openai.answer(`your key is ${secret}.`)] });
    else up.play({ headers: openai.json, parts: [openai.answer()] });
    const response = await fetch(`${house.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify(openai.ask({ messages, ...(i % 3 === 0 && { metadata: { note: secret } }) })),
      headers: {
        'x-midwatch-task': 'secrets',
        ...(way === 5 && {
          'x-midwatch-user': secret,
          'x-midwatch-feature': `f ${secret}`,
          authorization: `Bearer ${secret}`,
        }),
      },
    });
    const text = await response.text();
    if (way === 3) errors.push(text);
  }
  const rows = await until(async () => {
    const page = await house.api.exchanges.list({ limit: 500 });
    return page.rows.length === SECRETS && page.rows;
  }, 'all exchanges to be recorded');

  // Written where a name belongs, and refused for it.
  for (const { secret } of planted.slice(0, 9))
    for (const [path, name] of [
      ['chat/completions', 'route'],
      ['chat/completions', 'priority'],
      [encodeURIComponent(secret), 'user'],
    ] as const) {
      const refused = await fetch(`${house.url}/v1/${path}`, {
        method: 'POST',
        body: JSON.stringify(openai.ask()),
        headers: { [`x-midwatch-${name}`]: secret },
      });
      expect(refused.status).toBeGreaterThanOrEqual(400);
      errors.push(await refused.text());
    }

  const seen: string[] = [];
  for (const row of rows) {
    const detail = await house.api.exchanges.get(row.id);
    seen.push(
      JSON.stringify(detail),
      JSON.stringify(row),
      JSON.stringify(await house.api.exchanges.ask(row.id).catch(() => '')),
      JSON.stringify(await house.api.exchanges.answer(row.id).catch(() => '')),
    );
  }
  const stored = await everythingStored();
  const places: Readonly<Record<string, string>> = {
    api: seen.join('\n'),
    logs: house.log(),
    errors: errors.join('\n'),
    database: stored,
    files: filesUnder(join(house.folder, '.midwatch')),
  };
  const leaks = Object.entries(places).flatMap(([place, text]) =>
    [...planted, { secret: PROVIDER_KEY, core: PROVIDER_KEY.slice(12) }]
      .filter(({ core }) => text.includes(core))
      .map(({ secret }) => `${place}: ${secret}`),
  );
  expect(leaks.slice(0, 5)).toEqual([]);
  expect(stored.length).toBeGreaterThan(50_000);
  // The record still says that there was something: a mask is not a hole.
  expect(places.api).toContain('masked');
});

test('a route that records no bodies keeps none, one that masks keeps no personal data', async () => {
  up.play({
    headers: openai.json,
    parts: [openai.answer('Write to jane.roe@example.org or +49 30 901820.')],
  });
  for (const model of ['quiet', 'careful'])
    await (
      await fetch(`${house.url}/v1/chat/completions`, {
        method: 'POST',
        body: JSON.stringify(
          openai.ask({
            model,
            messages: [{ role: 'user', content: 'I am john.doe@example.org, card 4111 1111 1111 1111' }],
          }),
        ),
      })
    ).text();
  const stored = await until(
    async () =>
      (await house.api.exchanges.list({ limit: 10 })).rows.filter((r) => /quiet|careful/.test(r.route))
        .length === 2 && everythingStored(),
    'both exchanges',
  );
  for (const personal of ['john.doe@example.org', 'jane.roe@example.org', '4111 1111 1111 1111', '901820'])
    expect(stored).not.toContain(personal);
  const quiet = (await house.api.exchanges.list({ route: 'quiet' })).rows[0];
  const detail = await house.api.exchanges.get(quiet?.id ?? '');
  expect(detail.bodies).toBe('not_recorded');
  expect(detail.axes.prompt ?? detail.axes.model).toBeDefined();
});

/** Every row of every table as text, compressed bodies unpacked by the database's own client. */
async function everythingStored(): Promise<string> {
  const sql = new SQL(databaseUrl());
  const tables =
    (await sql`select table_schema || '.' || table_name as name from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema')`) as {
      name: string;
    }[];
  const parts: string[] = [];
  for (const { name } of tables) {
    const rows = (await sql.unsafe(`select * from ${name}`)) as Record<string, unknown>[];
    for (const row of rows)
      for (const value of Object.values(row))
        parts.push(
          value instanceof Uint8Array
            ? unpack(value)
            : typeof value === 'string'
              ? value
              : JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v)),
        );
  }
  await sql.close();
  return parts.join('\n');
}

/** The embedded database's address, put together as its own code does from what lies in the data folder. */
function databaseUrl(): string {
  const cluster = join(house.folder, '.midwatch', 'postgres');
  const pid = readFileSync(join(cluster, 'cluster', 'postmaster.pid'), 'utf8').split('\n');
  const password = readdirSync(cluster)
    .map((f) => join(cluster, f))
    .filter((f) => /password/.test(f) && statSync(f).isFile())
    .map((f) => readFileSync(f, 'utf8').trim())[0];
  return `postgres://midwatch:${password}@127.0.0.1:${pid[3]}/midwatch`;
}

function unpack(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1');
  for (const skip of [0, 1, 2])
    try {
      return `${text}\n${Buffer.from(Bun.zstdDecompressSync(bytes.subarray(skip) as Uint8Array<ArrayBuffer>)).toString()}`;
    } catch {
      // Not compressed from here, or with a dictionary; the bytes themselves are searched too.
    }
  return text;
}

function filesUnder(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(
      (e) =>
        e.isFile() &&
        !e.parentPath.includes('/console') &&
        !e.parentPath.includes('/postgres/cluster/base/1'),
    )
    .map((e) => readFileSync(join(e.parentPath, e.name), 'latin1'))
    .join('\n');
}
