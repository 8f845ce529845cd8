import { afterEach, describe, expect, test } from 'bun:test';
import { well } from '../support/failure-table.ts';
import { type PuppetHouse, type PuppetHouseOptions, puppetHouse } from '../support/houses.ts';
import { type Behaviour, type Call, whole } from '../support/puppet.ts';
import { ANTHROPIC, asked, fetched, OPENAI, TONGUES, type Tongue } from '../support/tongues.ts';

/** A wait that a provider asks for: understood in every spelling, kept to by all, passed on as the earliest instant. */
let set: PuppetHouse | undefined;
afterEach(async () => {
  await set?.stop();
  set = undefined;
});
const open = async (first: Behaviour, options: PuppetHouseOptions): Promise<PuppetHouse> => {
  set = await puppetHouse(first, options);
  return set;
};

const refuse =
  (tongue: Tongue, headers: Readonly<Record<string, string>>, status = 429): Behaviour =>
  ({ write }) =>
    write(whole(status, { ...tongue.json, ...headers }, tongue.error(tongue.words.limited, 'slow down')));

/** Refuses the first call, and serves every later one. */
const onceRefused =
  (tongue: Tongue, headers: Readonly<Record<string, string>>, status = 429): Behaviour =>
  (call: Call) =>
    call.number === 0 ? refuse(tongue, headers, status)(call) : well(call, { tongue, stream: false });

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000);
const http = (at: Date) => at.toUTCString();
const rfc3339 = (at: Date) => at.toISOString().replace(/\.\d+Z$/, 'Z');

interface Spelling {
  readonly name: string;
  headers(): Readonly<Record<string, string>>;
  readonly seconds: number;
  readonly of?: Tongue;
}

const SPELLINGS: readonly Spelling[] = [
  { name: 'retry-after in seconds', headers: () => ({ 'retry-after': '20' }), seconds: 20 },
  { name: 'retry-after with a fraction', headers: () => ({ 'retry-after': '19.5' }), seconds: 20 },
  {
    name: 'retry-after as a date beside the date of the answer',
    headers: () => ({ 'retry-after': http(inSeconds(20)), date: http(inSeconds(0)) }),
    seconds: 20,
  },
  {
    name: 'retry-after as a date of a clock that is an hour off',
    headers: () => ({ 'retry-after': http(inSeconds(3620)), date: http(inSeconds(3600)) }),
    seconds: 20,
  },
  {
    name: 'retry-after as a date without one beside it',
    headers: () => ({ 'retry-after': http(inSeconds(20)) }),
    seconds: 20,
  },
  { name: 'retry-after-ms', headers: () => ({ 'retry-after-ms': '20000' }), seconds: 20 },
  {
    name: 'retry-after-ms before the rounded seconds',
    headers: () => ({ 'retry-after-ms': '20000', 'retry-after': '25' }),
    seconds: 20,
  },
  {
    name: "OpenAI's durations, of the axis that is used up",
    headers: () => ({
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '20s',
      'x-ratelimit-remaining-tokens': '149000',
      'x-ratelimit-reset-tokens': '6m0s',
    }),
    seconds: 20,
    of: OPENAI,
  },
  {
    name: "OpenAI's durations in minutes and milliseconds",
    headers: () => ({ 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '1m20s500ms' }),
    seconds: 81,
    of: OPENAI,
  },
  {
    name: "Anthropic's reset, an instant",
    headers: () => ({
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': rfc3339(inSeconds(20)),
      date: http(inSeconds(0)),
    }),
    seconds: 20,
    of: ANTHROPIC,
  },
  {
    name: "Anthropic's reset of input tokens, without a date beside it",
    headers: () => ({
      'anthropic-ratelimit-input-tokens-remaining': '0',
      'anthropic-ratelimit-input-tokens-reset': rfc3339(inSeconds(20)),
      'anthropic-ratelimit-requests-remaining': '40',
      'anthropic-ratelimit-requests-reset': rfc3339(inSeconds(1)),
    }),
    seconds: 20,
    of: ANTHROPIC,
  },
];

describe.each(SPELLINGS)('$name', ({ headers, seconds, of }) => {
  for (const provider of of ? [of] : TONGUES)
    for (const caller of TONGUES)
      test(`${provider.name} provider, ${caller.name} client: told to all, kept to by all`, async () => {
        const { house, first, record } = await open((call) => refuse(provider, headers())(call), {
          tongue: provider,
        });
        const told = await asked(house.url, caller, { stream: false });
        expect(told.status).toBe(429);
        const after = (await record(0)).attempts[0]?.failure?.after ?? 0;
        // Dates have no fractions, and a moment has passed.
        expect(after).toBeWithin((seconds - 2) * 1000, seconds * 1000 + 1);
        for (const stream of [false, true]) {
          const next = await asked(house.url, caller, { stream });
          expect(next.status).toBe(429);
          expect(Number(next.headers?.get('retry-after'))).toBeWithin(seconds - 10, seconds + 1);
          expect(first.calls).toHaveLength(1);
        }
      });
});

test('a short wait is waited out where it was asked for, by those who come meanwhile too', async () => {
  const { house, first, second, record } = await open(onceRefused(OPENAI, { 'retry-after-ms': '700' }), {
    tongue: OPENAI,
    second: (call) => well(call, { tongue: OPENAI, stream: false }),
  });
  const one = asked(house.url, OPENAI, { stream: false });
  await Bun.sleep(150);
  const others = Array.from({ length: 4 }, () => asked(house.url, OPENAI, { stream: false }));
  for (const told of await Promise.all([one, ...others]))
    expect(told).toMatchObject({ text: 'Hello', error: undefined });
  expect(second.calls).toHaveLength(0);
  const [refused, ...later] = first.calls.map((call) => call.at);
  expect(later).toHaveLength(5);
  // The gateway heard of it after the provider had said it, so measured here it can only be longer.
  for (const at of later) expect(at - (refused as number)).toBeGreaterThanOrEqual(699);
  const facts = [];
  for (let n = 0; n < 5; n++) facts.push(await record(n));
  expect(facts.map((f) => f.outcome)).toEqual(Array(5).fill('complete'));
  expect(facts.flatMap((f) => f.attempts.map((a) => a.cause)).sort()).toEqual([
    ...Array(5).fill('first'),
    'retry',
  ]);
});

test('a long wait is not waited out: the next target is asked at once, the first not before its instant', async () => {
  const { house, first, second, record } = await open(onceRefused(ANTHROPIC, { 'retry-after': '30' }), {
    tongue: ANTHROPIC,
    second: (call) => well(call, { tongue: ANTHROPIC, stream: false }),
  });
  for (let n = 0; n < 4; n++)
    expect(await asked(house.url, OPENAI, { stream: false })).toMatchObject({ text: 'Hello' });
  expect(first.calls).toHaveLength(1);
  expect(second.calls).toHaveLength(4);
  expect((await record(0)).attempts.map((a) => a.cause)).toEqual(['first', 'fallback']);
  expect((await record(3)).attempts).toHaveLength(1);
});

test('a target that does not say when is left alone for a second at least', async () => {
  const { house, first } = await open(onceRefused(OPENAI, {}), { tongue: OPENAI });
  expect(await asked(house.url, OPENAI, { stream: false })).toMatchObject({ text: 'Hello' });
  const [refused = 0, again = 0] = first.calls.map((call) => call.at);
  expect(again - refused).toBeGreaterThanOrEqual(999);
});

test.each([
  ['the first opens sooner', '20', '40'],
  ['the second opens sooner', '40', '20'],
])('all out: the caller is told the earliest instant (%s)', async (_, one, two) => {
  const { house, first, second } = await open(refuse(OPENAI, { 'retry-after': one }), {
    tongue: OPENAI,
    second: refuse(OPENAI, { 'retry-after': two }),
  });
  for (let n = 0; n < 2; n++) {
    const raw = await fetched(house.url, OPENAI, { stream: false });
    expect(raw.status).toBe(429);
    expect(Number(raw.headers.get('retry-after'))).toBeWithin(15, 21);
    // A client that prefers the finer header must not be told something else by it.
    expect(Number(raw.headers.get('retry-after-ms') ?? 20_000)).toBeWithin(15_000, 21_000);
  }
  expect([first.calls.length, second.calls.length]).toEqual([1, 1]);
});

test('all out, across dialects: the earliest instant too', async () => {
  const { house } = await open(refuse(ANTHROPIC, { 'retry-after': '20' }), {
    tongue: ANTHROPIC,
    second: refuse(ANTHROPIC, { 'retry-after': '40' }),
  });
  const told = await asked(house.url, OPENAI, { stream: true });
  expect(told.status).toBe(429);
  expect(Number(told.headers?.get('retry-after'))).toBeWithin(15, 21);
});

test("an overloaded provider's long wait moves on at once, its short one is waited out", async () => {
  const long = await open(onceRefused(ANTHROPIC, { 'retry-after': '30' }, 529), { tongue: ANTHROPIC });
  const told = await asked(long.house.url, ANTHROPIC, { stream: false });
  expect(told.status).toBe(529);
  expect(told.headers?.get('retry-after')).toBe('30');
  expect(long.first.calls).toHaveLength(1);
  await long.stop();
  const short = await open(onceRefused(ANTHROPIC, { 'retry-after-ms': '600' }, 529), { tongue: ANTHROPIC });
  expect(await asked(short.house.url, ANTHROPIC, { stream: false })).toMatchObject({ text: 'Hello' });
  const [refused = 0, again = 0] = short.first.calls.map((call) => call.at);
  expect(again - refused).toBeGreaterThanOrEqual(599);
});

test('a wait that does not fit the deadline is not begun', async () => {
  const { house, first } = await open(onceRefused(OPENAI, { 'retry-after-ms': '2500' }), { tongue: OPENAI });
  const began = performance.now();
  const response = await fetch(`${house.url}${OPENAI.path}`, {
    method: 'POST',
    body: OPENAI.ask(false),
    headers: { 'x-midwatch-deadline-ms': '2000' },
  });
  await response.text();
  expect(response.status).toBe(429);
  expect(performance.now() - began).toBeLessThan(2_000);
  expect(first.calls).toHaveLength(1);
});

test('a retry that would have less time than the target usually takes is not made', async () => {
  const usual = 300;
  const slowly = async (call: Call) => {
    await Bun.sleep(usual);
    well(call, { tongue: OPENAI, stream: true });
  };
  const { house, first } = await open(slowly, { tongue: OPENAI });
  const ask = async (deadline: number) => {
    const headers = { 'x-midwatch-deadline-ms': String(deadline) };
    const response = await fetch(`${house.url}${OPENAI.path}`, {
      method: 'POST',
      body: OPENAI.ask(true),
      headers,
    });
    await response.text();
    return response.status;
  };
  for (let i = 0; i < 5; i++)
    expect(await Promise.all(Array.from({ length: 30 }, () => ask(60_000)))).not.toContain(500);
  const callsWithin = async (deadline: number) => {
    first.forget();
    first.act((call) =>
      call.number === 0 ? call.write(whole(500, OPENAI.json, OPENAI.error('api_error', 'x'))) : slowly(call),
    );
    await ask(deadline);
    return first.calls.length;
  };
  // The wait before a retry is 200 ms at most: it would fit into both.
  expect(await callsWithin(400)).toBe(1);
  expect(await callsWithin(5_000)).toBe(2);
});

test('no word of a provider parks it for more than ten minutes', async () => {
  const { house } = await open(refuse(OPENAI, { 'retry-after': '86400' }), { tongue: OPENAI });
  await asked(house.url, OPENAI, { stream: false });
  const next = await asked(house.url, OPENAI, { stream: false });
  expect(Number(next.headers?.get('retry-after'))).toBeWithin(590, 601);
});

test.each(['soon', '-5', '1e3', '', '99999999999999999999', 'Sun, 06 Nov 1994 08:49:37 GMT'])(
  'a wait that cannot be one (%s) neither hangs nor hammers',
  async (word) => {
    const { house, first } = await open(refuse(OPENAI, { 'retry-after': word }), { tongue: OPENAI });
    const told = await asked(house.url, OPENAI, { stream: false });
    expect(told.status).toBe(429);
    expect(first.calls.length).toBeLessThanOrEqual(2);
  },
);

test('a run has so many tries beyond the first of each exchange, and no more; other runs and callers have theirs', async () => {
  const set = await open(
    ({ write, number }) => write(whole(502, OPENAI.json, OPENAI.error('server_error', `${number}`))),
    {
      tongue: OPENAI,
      second: ({ write }) => write(whole(502, OPENAI.json, OPENAI.error('server_error', 'no'))),
      route: { attempts: { perTarget: 2, perExchange: 4, perRun: 5 } },
    },
  );
  const tries = async (run?: string): Promise<number> => {
    const n = set.house.finished.length;
    await fetch(`${set.house.url}${OPENAI.path}`, {
      method: 'POST',
      body: OPENAI.ask(false),
      headers: run === undefined ? {} : { 'x-midwatch-run': run },
    }).then((answer) => answer.text());
    return (await set.record(n)).attempts.length;
  };
  const alone = await tries();
  expect(alone).toBeGreaterThan(1);
  let spent = 0;
  for (let step = 0; step < 10; step++) spent += (await tries('r')) - 1;
  expect(spent).toBe(5);
  expect(await tries('r')).toBe(1);
  expect(await tries('another')).toBeGreaterThan(1);
  expect(await tries()).toBeGreaterThan(1);
});
