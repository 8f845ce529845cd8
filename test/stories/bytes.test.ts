import { afterAll, beforeAll, expect, test } from 'bun:test';
import { seeded } from '#kernel';
import { type TestGateway, testGateway } from '../support/gateway.ts';
import { anthropic, openai } from '../support/speech.ts';
import { type ScriptedUpstream, scriptedUpstream } from '../support/upstream.ts';

/**
 * Same dialect, same bytes: generated exchanges over real sockets, compared byte for byte in both directions.
 * One in ten carries fields, events and comments that nobody has heard of.
 */
const EXCHANGES = 10_000;
const AT_ONCE = 24;

let up: ScriptedUpstream;
let house: TestGateway;
beforeAll(async () => {
  up = await scriptedUpstream();
  const root = `http://127.0.0.1:${up.port}`;
  house = testGateway({
    providers: {
      up: { protocol: 'openai', baseUrl: `${root}/v1`, apiKey: 'k' },
      claude: { protocol: 'anthropic', baseUrl: root, apiKey: 'k' },
    },
    routes: {
      chat: { match: { protocol: 'openai' }, tiers: [{ name: 'primary', targets: [{ provider: 'up' }] }] },
      claude: {
        match: { protocol: 'anthropic' },
        tiers: [{ name: 'primary', targets: [{ provider: 'claude' }] }],
      },
    },
  });
});
afterAll(async () => {
  await house.stop();
  await up.stop();
});

const WORDS = [
  'Hello',
  ' wörld',
  ' 你好',
  ' 🚢🌙',
  '\\n',
  ' "quoted"',
  ' </s>',
  ' data: not one',
  '\u2028',
  ' \\u00e9',
  ' a\\tb',
];

interface Generated {
  readonly path: string;
  readonly ask: string;
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly parts: readonly Uint8Array[];
}

function generate(random: () => number, strange: boolean): Generated {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const text = () => Array.from({ length: 1 + Math.floor(random() * 6) }, () => pick(WORDS)).join('');
  const dialect = random() < 0.5 ? openai : anthropic;
  const stream = random() < 0.6;
  const unknown = strange ? { x_unheard_of: { deep: [1, null, text()], n: 1e21 }, 'weird key\n': -0.1 } : {};
  // Spaces and order as a client might write them; a parser that re-serialises would show.
  const spaced = JSON.stringify(
    dialect.ask({ stream, temperature: 0.10000000000000001, ...unknown }),
    null,
    pick([0, 1, '\t']),
  );
  const ask = spaced.replace('"temperature"', () => `"temp${'\\u0065'}rature"`);
  if (!stream) {
    if (random() < 0.1)
      return {
        path: dialect.path,
        ask,
        status: pick([400, 404, 422, 429, 500, 529]),
        // Two refusals in a row without a word about their end would close the target for longer than an ask waits.
        headers: { ...dialect.json, 'retry-after': '0' },
        parts: split(dialect.error('some_error', text()), random),
      };
    return {
      path: dialect.path,
      ask,
      status: 200,
      headers: dialect.json,
      parts: split(dialect.answer(text(), { ...unknown }), random),
    };
  }
  const odd = () =>
    strange
      ? pick([
          ': a comment\n\n',
          'event: from_the_future\ndata: {"type":"from_the_future","v":[1]}\n\n',
          'id: 7\nretry: 100\n\n',
          ':\n\n',
        ])
      : '';
  const events =
    dialect === openai
      ? [
          odd(),
          openai.role,
          odd(),
          ...Array.from({ length: 1 + Math.floor(random() * 5) }, () => openai.delta(text()) + odd()),
          openai.delta('', pick(['stop', 'length', 'content_filter'])),
          random() < 0.5 ? openai.usage : '',
          openai.done,
        ]
      : [
          odd(),
          anthropic.start,
          anthropic.ping,
          anthropic.block,
          ...Array.from({ length: 1 + Math.floor(random() * 5) }, () => anthropic.delta(text()) + odd()),
          anthropic.blockEnd,
          anthropic.end(pick(['end_turn', 'max_tokens', 'stop_sequence'])),
          anthropic.stop,
        ];
  const all = events.join('');
  return {
    path: dialect.path,
    ask,
    status: 200,
    headers: dialect.sse,
    parts: split(random() < 0.2 ? all.replaceAll('\n', '\r\n') : all, random),
  };
}

/** Cuts bytes anywhere, in the middle of a character too. */
function split(all: string, random: () => number): readonly Uint8Array[] {
  const bytes = new TextEncoder().encode(all);
  const parts: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = random() < 0.3 ? bytes.length : from + 1 + Math.floor(random() * 200);
    parts.push(bytes.subarray(from, to));
    from = to;
  }
  return parts;
}

test(`${EXCHANGES} generated exchanges arrive as they were sent, both ways`, async () => {
  const random = seeded('bytes');
  const different: string[] = [];
  let next = 0;
  const one = async (provider: ScriptedUpstream, gateway: TestGateway) => {
    while (next < EXCHANGES) {
      const number = next++;
      const generated = generate(random, number % 10 === 0);
      provider.play({ status: generated.status, headers: generated.headers, parts: generated.parts });
      const response = await fetch(`${gateway.url}${generated.path}?n=${number}`, {
        method: 'POST',
        body: generated.ask,
        headers: { 'content-type': 'application/json' },
      });
      const got = Buffer.from(await response.arrayBuffer());
      const heard = provider.heard.pop();
      if (response.status !== generated.status)
        different.push(`#${number}: status ${response.status} for ${generated.status}`);
      if (!got.equals(Buffer.concat(generated.parts)))
        different.push(`#${number}: answer differs:\n${got}\n---\n${Buffer.concat(generated.parts)}`);
      if (!heard || Buffer.from(heard.body).toString() !== generated.ask)
        different.push(`#${number}: ask differs`);
      if (heard && !heard.path.endsWith(`?n=${number}`)) different.push(`#${number}: path ${heard.path}`);
    }
  };
  // Each lane has a provider and a gateway of its own, so that a script belongs to one request.
  const lanes = await Promise.all(Array.from({ length: AT_ONCE }, lane));
  await Promise.all(lanes.map(({ provider, gateway }) => one(provider, gateway)));
  await Promise.all(lanes.flatMap(({ provider, gateway }) => [gateway.stop(), provider.stop()]));
  expect(different.slice(0, 3)).toEqual([]);
  expect(lanes.reduce((n, { gateway }) => n + gateway.finished.length, 0)).toBe(EXCHANGES);
}, 120_000);

async function lane(): Promise<{ provider: ScriptedUpstream; gateway: TestGateway }> {
  const provider = await scriptedUpstream();
  const root = `http://127.0.0.1:${provider.port}`;
  const gateway = testGateway({
    providers: {
      up: { protocol: 'openai', baseUrl: `${root}/v1`, apiKey: 'k' },
      claude: { protocol: 'anthropic', baseUrl: root, apiKey: 'k' },
    },
    routes: {
      chat: { match: { protocol: 'openai' }, tiers: [{ name: 'primary', targets: [{ provider: 'up' }] }] },
      claude: {
        match: { protocol: 'anthropic' },
        tiers: [{ name: 'primary', targets: [{ provider: 'claude' }] }],
      },
    },
  });
  return { provider, gateway };
}

test('a mapped model changes the bytes of its own value and no other', async () => {
  const mapped = testGateway({
    providers: { up: { protocol: 'openai', baseUrl: `http://127.0.0.1:${up.port}/v1`, apiKey: 'k' } },
    routes: {
      chat: {
        match: { model: 'mine' },
        tiers: [{ name: 'primary', targets: [{ provider: 'up', model: 'gpt-4o-mini' }] }],
      },
    },
  });
  up.play({ headers: openai.json, parts: [openai.answer()] });
  const ask =
    '{ "messages":[{"role":"user","content":"\\"model\\": \\"mine\\""}],\n "n":1.0, "model" : "mine", "metadata":{"model":"mine"} }';
  await (await fetch(`${mapped.url}/v1/chat/completions`, { method: 'POST', body: ask })).text();
  expect(Buffer.from(up.heard.at(-1)?.body ?? []).toString()).toBe(
    ask.replace('"model" : "mine"', '"model" : "gpt-4o-mini"'),
  );
  await mapped.stop();
});

test('credentials, cookies and hop-by-hop headers stay here; everything else passes', async () => {
  up.play({
    headers: { ...openai.json, 'openai-organization': 'org', 'set-cookie': 'a=b', 'x-custom': 'kept' },
    parts: [openai.answer()],
  });
  const response = await fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify(openai.ask()),
    headers: {
      authorization: 'Bearer mw_caller',
      cookie: 'session=1',
      'openai-beta': 'x=1',
      'x-midwatch-feature': 'f',
      'idempotency-key': 'i1',
      'user-agent': 'mine/1',
    },
  });
  await response.text();
  const heard = up.heard.at(-1)?.headers ?? {};
  expect(heard).toMatchObject({
    authorization: 'Bearer k',
    'openai-beta': 'x=1',
    'idempotency-key': 'i1',
    'user-agent': 'mine/1',
  });
  expect(Object.keys(heard).filter((h) => h.startsWith('x-midwatch') || h === 'cookie')).toEqual([]);
  expect(response.headers.get('x-custom')).toBe('kept');
  expect(response.headers.get('openai-organization')).toBe('org');
  expect(response.headers.get('set-cookie')).toBeNull();
});

test('a caller who talks to Midwatch hears its last words, another hears none', async () => {
  const parts = [openai.role, openai.delta('Hi', 'stop'), openai.usage, openai.done];
  for (const feature of [undefined, 'greeting']) {
    up.play({ headers: openai.sse, parts });
    const response = await fetch(`${house.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify(openai.ask({ stream: true })),
      ...(feature && { headers: { 'x-midwatch-feature': feature } }),
    });
    const text = await response.text();
    const words = text.slice(parts.join('').length);
    if (feature)
      expect(words).toMatch(
        /^: midwatch exchange=[0-9a-f-]{36} outcome=complete attempts=1 cost-usd=0\.000\d{3}\n\n$/,
      );
    else expect(words).toBe('');
  }
});
