import { afterEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { type ConfigInput, configSchema, type ExchangeFacts, type RouteConfig } from '#contracts';
import { exchangeIds, systemClock } from '#kernel';
import { findTranslator } from '#protocols';
import { openLedger } from '../../src/app/ledger.ts';
import { type TestGateway, testGateway } from '../support/gateway.ts';
import { eventually } from '../support/houses.ts';
import {
  type Behaviour,
  type Call,
  chunk,
  LAST_CHUNK,
  type Puppet,
  puppet,
  streamed,
  whole,
} from '../support/puppet.ts';
import { anthropic, openai } from '../support/speech.ts';
import { ANTHROPIC, asked, fetched, OPENAI, TONGUES, type Tongue } from '../support/tongues.ts';

/** Another target finishes what the first began, and the caller reads one answer. */

const TEXT = 'The quick brown fox — vulpes 🦊 in Köln — jumps over the lazy dog. Then it rests.';
/** As it comes: pieces end within words, and next to what takes several bytes. */
const PIECES = TEXT.match(/[\s\S]{1,5}/gu) ?? [];

interface Rig {
  readonly house: TestGateway;
  readonly first: Puppet;
  readonly second: Puppet;
  record(n?: number): Promise<ExchangeFacts>;
}
interface RigOptions {
  readonly tongues?: readonly [Tongue, Tongue];
  readonly takeover?: object | null;
  readonly prefill?: 'none' | 'turn' | 'prefix' | 'continue';
  readonly route?: object;
}

let stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops) await stop();
  stops = [];
});

const nextId = exchangeIds(systemClock());
const PRICES = { 'm-1': { input: 3, output: 15 } };

async function rig(acts: Behaviour, rescues: Behaviour, options: RigOptions = {}): Promise<Rig> {
  const first = await puppet(acts);
  const second = await puppet(rescues);
  const [one, other] = options.tongues ?? [OPENAI, OPENAI];
  const entry = (tongue: Tongue, port: number) => ({
    protocol: tongue.name,
    baseUrl: `http://127.0.0.1:${port}${tongue === OPENAI ? '/v1' : ''}`,
    apiKey: 'sk-provider-key-of-the-house-0000',
    prices: PRICES,
  });
  const { takeover = {}, prefill } = options;
  const house = testGateway({
    providers: { up: entry(one, first.port), spare: entry(other, second.port) },
    routes: {
      chat: {
        ...(takeover && { takeover: takeover as Partial<NonNullable<RouteConfig['takeover']>> }),
        tiers: [
          { name: 'primary', targets: [{ provider: 'up', model: 'm-1' }] },
          { name: 'fallback', targets: [{ provider: 'spare', model: 'm-1', ...(prefill && { prefill }) }] },
        ],
        ...options.route,
      },
    },
  });
  stops.push(
    () => house.stop(),
    () => first.stop(),
    () => second.stop(),
  );
  return {
    house,
    first,
    second,
    async record(n = 0) {
      await eventually(() => house.finished.length > n);
      return (house.finished[n] as (typeof house.finished)[number]).facts;
    },
  };
}

/** Everything that comes before a reason for the end. */
const beginning = (t: Tongue, pieces: readonly string[]) => [...t.opening, ...pieces.map((p) => t.delta(p))];
const ending = (t: Tongue) => [t.reason(), t.usage, t.terminator];

/** Says this much of the answer and hangs up. */
const cutAfter =
  (t: Tongue, pieces: number): Behaviour =>
  ({ write, fin }) => {
    write(streamed(t.sse, ...beginning(t, PIECES.slice(0, pieces))));
    fin();
  };
const says =
  (t: Tongue, text: string, piece = 7): Behaviour =>
  ({ write }) => {
    const pieces = text.match(new RegExp(`[\\s\\S]{1,${piece}}`, 'gu')) ?? [];
    write(streamed(t.sse, ...beginning(t, pieces), ...ending(t)) + LAST_CHUNK);
  };

interface AskBody {
  readonly messages: readonly {
    readonly role: string;
    readonly content: unknown;
    readonly prefix?: boolean;
  }[];
  readonly [key: string]: unknown;
}
const bodyOf = ({ body }: Call): AskBody => JSON.parse(new TextDecoder().decode(body));
/** The beginning that it was handed. */
const handed = (call: Call): string =>
  String(bodyOf(call).messages.findLast(({ role }) => role === 'assistant')?.content);

/** Goes on from what it was handed: after a word of it, or at once. */
const goesOn =
  (t: Tongue, repeats: boolean): Behaviour =>
  (call) => {
    const said = handed(call);
    if (!TEXT.startsWith(said)) throw new Error(`was handed "${said}"`);
    const from = repeats ? Math.max(0, said.slice(0, -1).lastIndexOf(' ') + 1) : said.length;
    return says(t, TEXT.slice(from))(call);
  };

function expectTaken(facts: ExchangeFacts, after = 'cut'): void {
  expect(facts.attempts.map((a) => [a.cause, a.outcome])).toEqual([
    ['first', after === 'cut' ? 'cut' : expect.any(String)],
    ['takeover', 'complete'],
  ]);
  expect(facts).toMatchObject({ outcome: 'complete', tier: { served: 'fallback', demotedBy: after } });
  expect(facts.failure).toBeUndefined();
  expect(facts.verdicts).toMatchObject([{ guard: 'takeover', decision: 'change' }]);
  expect(facts.cost.microUsd).toBe(facts.attempts.reduce((sum, a) => sum + a.cost.microUsd, 0));
}

const combinations = TONGUES.flatMap((caller) =>
  TONGUES.flatMap((one) => TONGUES.map((other) => [caller, one, other] as const)),
);

describe.each(combinations.map((c) => [c.map((t) => t.name).join(' ← '), ...c] as const))(
  'caller ← first ← second: %s',
  (_, caller, one, other) => {
    test.each([true, false])(
      'the real client reads one answer, whatever the cut; repeated: %p',
      async (repeats) => {
        for (const pieces of [1, 2, 5, 8, PIECES.length - 1, PIECES.length]) {
          const { house, second, record } = await rig(cutAfter(one, pieces), goesOn(other, repeats), {
            tongues: [one, other],
          });
          const told = await asked(house.url, caller, { stream: true });
          expect(told).toMatchObject({ error: undefined, text: TEXT });
          expect(told.finish).toBe(caller === OPENAI ? 'stop' : 'end_turn');
          expect(second.calls).toHaveLength(1);
          expectTaken(await record());
          for (const stop of stops.splice(0)) await stop();
        }
      },
      60_000,
    );
  },
);

test.each(TONGUES)(
  'cut at any byte of the stream: $name',
  async (t) => {
    const bytes = new TextEncoder().encode(beginning(t, PIECES).join('') + t.reason());
    const lengthOf = (pieces: number) =>
      new TextEncoder().encode(beginning(t, PIECES.slice(0, pieces)).join('')).length;
    // One event byte by byte, the one with the fox too, the rest in strides that hit every part of an event.
    const fox = PIECES.findIndex((piece) => piece.includes('🦊'));
    const places = new Set<number>();
    for (let at = lengthOf(1); at < lengthOf(2); at += 2) places.add(at);
    for (let at = lengthOf(fox); at < lengthOf(fox + 1); at++) places.add(at);
    for (let at = lengthOf(1); at <= lengthOf(PIECES.length); at += 41) places.add(at);
    for (const cut of places) {
      const { house, record } = await rig(
        ({ write, fin }) => {
          const part = bytes.subarray(0, cut);
          write(streamed(t.sse));
          write(Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]));
          fin();
        },
        goesOn(t, cut % 2 === 0),
        { tongues: [t, t] },
      );
      const { text, error } = await asked(house.url, t, { stream: true });
      expect({ cut, text, error }).toEqual({ cut, text: TEXT, error: undefined });
      expectTaken(await record());
      for (const stop of stops.splice(0)) await stop();
    }
  },
  120_000,
);

const chatStream = (raw: string) =>
  raw
    .split('\n\n')
    .filter((e) => e.startsWith('data: {'))
    .map((e) => JSON.parse(e.slice(6)));

test('chat: one id, one model, one reason, one terminator, usage of both attempts', async () => {
  const { house, record } = await rig(cutAfter(OPENAI, 4), goesOn(OPENAI, true));
  const answer = await fetch(`${house.url}${OPENAI.path}`, {
    method: 'POST',
    headers: { 'x-midwatch-user': 'u' },
    body: JSON.stringify(openai.ask({ stream: true, stream_options: { include_usage: true } })),
  });
  const raw = await answer.text();
  const chunks = chatStream(raw);
  expect(new Set(chunks.map((c) => c.id))).toEqual(new Set(['chatcmpl-1']));
  expect(new Set(chunks.map((c) => c.model)).size).toBe(1);
  expect(
    chunks.flatMap((c) => c.choices.map((x: { finish_reason: unknown }) => x.finish_reason)).filter(Boolean),
  ).toEqual(['stop']);
  expect(raw.split('[DONE]')).toHaveLength(2);
  const facts = await record();
  expectTaken(facts);
  const [before, rest] = facts.attempts;
  expect(before?.usage.basis).toBe('estimated');
  expect(rest?.usage).toMatchObject({ basis: 'reported', output: 20 });
  const usage = chunks.at(-1).usage;
  expect(usage.completion_tokens).toBe((before?.usage.output ?? 0) + 20);
  // What one of the two costs nobody knows, so nothing is said of both.
  expect(facts.cost.state).toBe('unpriced');
  expect(raw).toMatch(/\n: midwatch exchange=\S+ outcome=complete attempts=2 takeover=cut\n\n$/);
});

test('messages: blocks, one reason, one end', async () => {
  const { house } = await rig(cutAfter(ANTHROPIC, 4), goesOn(ANTHROPIC, false), {
    tongues: [ANTHROPIC, ANTHROPIC],
  });
  const { body } = await fetched(house.url, ANTHROPIC, { stream: true });
  const events = [...body.matchAll(/^event: (\S+)$/gm)].map(([, name]) => name);
  expect(events.filter((e) => e !== 'content_block_delta' && e !== 'ping')).toEqual([
    'message_start',
    'content_block_start',
    'content_block_stop',
    'message_delta',
    'message_stop',
  ]);
});

test('a block that had ended is not opened again: what follows is another', async () => {
  const t = ANTHROPIC;
  const said = PIECES.slice(0, 4);
  const { house, record } = await rig(
    ({ write, fin }) => {
      write(streamed(t.sse, ...beginning(t, said), anthropic.blockEnd));
      fin();
    },
    goesOn(t, true),
    { tongues: [t, t] },
  );
  const told = await asked(house.url, t, { stream: true });
  expect(told).toMatchObject({ error: undefined, finish: 'end_turn', text: TEXT });
  expectTaken(await record());
});

/** The same stream as OpenAI's responses tell it, event by event. */
function asResponses(events: readonly string[]): string[] {
  const stream = findTranslator('openai-responses', 'openai-chat')?.stream({
    exchange: nextId(),
    model: 'm-1',
    at: 0,
    ask: Buffer.from(JSON.stringify({ model: 'm-1', input: '?' })),
  });
  return events
    .map((event) => Buffer.from(stream?.push(Buffer.from(event)) ?? []).toString())
    .filter(Boolean);
}

test.each([1, 4, PIECES.length])(
  'responses: the real client reads one response; cut after %p pieces',
  async (pieces) => {
    const { house, second, record } = await rig(
      ({ write, fin }) => {
        write(streamed(OPENAI.sse, ...asResponses(beginning(OPENAI, PIECES.slice(0, pieces)))));
        fin();
      },
      (call) => {
        const said = PIECES.slice(0, pieces).join('');
        const rest = beginning(OPENAI, [said.slice(said.lastIndexOf(' ') + 1) + TEXT.slice(said.length)]);
        call.write(streamed(OPENAI.sse, ...asResponses([...rest, ...ending(OPENAI)])) + LAST_CHUNK);
      },
    );
    const client = new OpenAI({ baseURL: `${house.url}/v1`, apiKey: 'x', maxRetries: 0 });
    const numbers: number[] = [];
    const stream = client.responses.stream({ model: 'm-1', input: '?' });
    stream.on('event', (event) => numbers.push(event.sequence_number));
    const response = await stream.finalResponse();
    expect(response).toMatchObject({ status: 'completed', output_text: TEXT });
    expect(response.output).toHaveLength(1);
    expect(numbers).toEqual(numbers.map((_, i) => i));
    expect(JSON.parse(new TextDecoder().decode(second.calls[0]?.body)).input).toHaveLength(3);
    expectTaken(await record());
  },
);

describe('what is asked of the other target', () => {
  const cases = [
    [ANTHROPIC, 'turn', 2, {}],
    [OPENAI, 'prefix', 2, { prefix: true }],
    [OPENAI, 'continue', 2, {}],
    [OPENAI, undefined, 3, {}],
    [ANTHROPIC, undefined, 3, {}],
    // Not a way of this dialect.
    [ANTHROPIC, 'prefix', 3, {}],
  ] as const;
  test.each(cases.map((one) => [`${one[0].name} ${one[1]}`, ...one] as const))(
    '%s',
    async (_, t, prefill, turns, marks) => {
      const { house, second, record } = await rig(cutAfter(OPENAI, 4), goesOn(t, false), {
        tongues: [OPENAI, t],
        ...(prefill && { prefill }),
      });
      expect(await asked(house.url, OPENAI, { stream: true })).toMatchObject({
        error: undefined,
        text: TEXT,
      });
      const body = bodyOf(second.calls[0] as Call);
      expect(body.messages).toHaveLength(turns);
      expect(body.messages[1]).toMatchObject({ role: 'assistant', ...marks });
      expect(body.continue_final_message).toBe(prefill === 'continue' ? true : undefined);
      if (turns === 3) expect(String(body.messages[2]?.content)).toContain('letter for letter');
      expect((await record()).verdicts[0]?.evidence).toContain(turns === 3 ? '(instruction)' : '(prefill)');
    },
  );

  test('a model that repeats the beginning it was handed is heard from where it stopped', async () => {
    const { house } = await rig(cutAfter(OPENAI, 4), says(OPENAI, TEXT, 3), { prefill: 'prefix' });
    expect(await asked(house.url, OPENAI, { stream: true })).toMatchObject({ error: undefined, text: TEXT });
  });

  test('restart: the same text again, of which the first part is not said twice', async () => {
    const { house, second, record } = await rig(cutAfter(OPENAI, 4), says(OPENAI, TEXT, 3), {
      takeover: { by: 'restart' },
    });
    expect(await asked(house.url, OPENAI, { stream: true })).toMatchObject({ error: undefined, text: TEXT });
    expect(bodyOf(second.calls[0] as Call).messages).toHaveLength(1);
    expectTaken(await record());
  });
});

/** What becomes of a stream once the caller has read of it. */
const FAULTS: readonly (readonly [string, string, Behaviour, object])[] = [
  ['a reset', 'cut', ({ reset }) => reset(), {}],
  ['silence', 'timeout_idle', () => undefined, { idle: 300 }],
  [
    'nothing but pings',
    'timeout_content',
    ({ write, closed }) => {
      const timer = setInterval(() => write(chunk(OPENAI.ping)), 50);
      void closed.then(() => clearInterval(timer));
    },
    { content: 300 },
  ],
  [
    'an error event',
    'provider_error',
    ({ write }) =>
      write(chunk(OPENAI.delta(PIECES[4] ?? '') + OPENAI.errorEvent('server_error', 'on fire')) + LAST_CHUNK),
    {},
  ],
  [
    'a terminator without a reason',
    'cut',
    ({ write }) => write(chunk(OPENAI.delta(PIECES[4] ?? '') + OPENAI.terminator) + LAST_CHUNK),
    {},
  ],
];
test.each(FAULTS)('after %s', async (_, kind, goes, timeouts) => {
  for (const caller of TONGUES) {
    const { promise: seen, resolve } = Promise.withResolvers<void>();
    const acts: Behaviour = async (call) => {
      call.write(streamed(OPENAI.sse, ...beginning(OPENAI, PIECES.slice(0, 4))));
      await seen;
      await goes(call);
    };
    const { house, record } = await rig(acts, goesOn(OPENAI, true), { route: { timeouts } });
    const told = await asked(house.url, caller, { stream: true, onText: resolve });
    expect(told).toMatchObject({ error: undefined, text: TEXT });
    expectTaken(await record(), kind);
  }
});

/** What the caller is told when nobody finishes the answer. */
async function expectBroken(
  set: Rig,
  causes: readonly string[],
  n = 0,
  text = PIECES.slice(0, 4).join(''),
): Promise<ExchangeFacts> {
  const raw = await fetched(set.house.url, OPENAI, { stream: true });
  expect(raw.broke).toBe(true);
  expect(raw.body).not.toContain('[DONE]');
  expect(
    chatStream(raw.body)
      .map((c) => c.choices?.[0]?.delta.content ?? '')
      .join(''),
  ).toBe(text);
  expect(JSON.parse(raw.body.trimEnd().split('data: ').at(-1) ?? '').error).toMatchObject({ code: 'cut' });
  const facts = await set.record(n);
  expect(facts).toMatchObject({ outcome: 'cut', failure: { kind: 'cut' } });
  expect(facts.verdicts.filter(({ decision }) => decision !== 'pass')).toEqual([]);
  expect(facts.attempts.map((a) => a.cause)).toEqual(causes as never);
  expect(facts.cost.microUsd).toBe(facts.attempts.reduce((sum, a) => sum + a.cost.microUsd, 0));
  return facts;
}

describe('nobody finishes it, and the caller is told what it broke off of', () => {
  test('by default nobody is asked', async () => {
    await expectBroken(await rig(cutAfter(OPENAI, 4), says(OPENAI, TEXT), { takeover: null }), ['first']);
  });

  test('the other target refuses', async () => {
    const refusal: Behaviour = ({ write }) =>
      write(whole(400, OPENAI.json, OPENAI.error('invalid_request_error', 'no')));
    const facts = await expectBroken(await rig(cutAfter(OPENAI, 4), refusal), ['first', 'takeover']);
    expect(facts.attempts[1]?.failure?.kind).toBe('provider_rejected');
    expect(facts.tier.served).toBe('primary');
  });

  test('a restart says something else', async () => {
    const set = await rig(cutAfter(OPENAI, 4), says(OPENAI, 'Quite another answer.'), {
      takeover: { by: 'restart' },
    });
    const facts = await expectBroken(set, ['first', 'takeover']);
    expect(facts.attempts[1]).toMatchObject({
      outcome: 'cancelled',
      failure: { kind: 'unfit' },
      usage: { basis: 'reported' },
    });
    expect(facts.usage).toEqual(facts.attempts[0]?.usage as never);
    // It was asked for something that it could not know.
    expect(set.house.gateway.standing.read().find((t) => t.provider === 'spare')?.bad ?? 0).toBe(0);
  });

  test('the rest calls a tool', async () => {
    const call = openai.role.replace(
      '"content":""',
      '"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]',
    );
    const set = await rig(cutAfter(OPENAI, 4), ({ write }) =>
      write(streamed(OPENAI.sse, call, OPENAI.reason('tool_calls'), OPENAI.terminator) + LAST_CHUNK),
    );
    await expectBroken(set, ['first', 'takeover']);
  });

  test('the rest breaks off as well: nobody is asked a third time', async () => {
    const set = await rig(cutAfter(OPENAI, 4), cutAfter(OPENAI, 6));
    const raw = await fetched(set.house.url, OPENAI, { stream: true });
    expect(raw.broke).toBe(true);
    expect(raw.body).not.toContain('[DONE]');
    const facts = await set.record();
    expect(facts).toMatchObject({ outcome: 'cut', failure: { kind: 'cut' } });
    expect(facts.attempts.map((a) => [a.cause, a.outcome])).toEqual([
      ['first', 'cut'],
      ['takeover', 'cut'],
    ]);
    expect(facts.verdicts).toMatchObject([{ guard: 'takeover' }]);
  });

  test('the budget is spent: three in ten minutes, then none', async () => {
    const set = await rig(cutAfter(OPENAI, 4), goesOn(OPENAI, true), {
      takeover: { share: 0.0001 },
      route: { tiers: tiers() },
    });
    for (let n = 0; n < 3; n++)
      expect(await asked(set.house.url, OPENAI, { stream: true })).toMatchObject({
        error: undefined,
        text: TEXT,
      });
    const facts = await expectBroken(set, ['first'], 3);
    expect(facts.verdicts).toMatchObject([
      { guard: 'takeover', decision: 'pass', evidence: expect.stringContaining('takeover.share of 0.0001') },
    ]);
  });

  test('no share, no takeover', async () => {
    await expectBroken(await rig(cutAfter(OPENAI, 4), goesOn(OPENAI, true), { takeover: { share: 0 } }), [
      'first',
    ]);
  });

  const tiers = () => [
    { name: 'primary', targets: [{ provider: 'up', model: 'm-1' }] },
    { name: 'fallback', targets: [{ provider: 'spare', model: 'm-1' }] },
  ];
});

describe('more than plain text is not taken over', () => {
  const asks = {
    tools: { tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }] },
    'structured output': { response_format: { type: 'json_object' } },
    'two choices': { n: 2 },
    'log probabilities': { logprobs: true },
    audio: { modalities: ['text', 'audio'] },
    'a beginning of the caller’s own': {
      messages: [
        { role: 'user', content: 'Hello?' },
        { role: 'assistant', content: 'The' },
      ],
    },
  };
  test.each(Object.entries(asks))('%s', async (_, more) => {
    const { house, second, record } = await rig(cutAfter(OPENAI, 4), goesOn(OPENAI, true));
    const answer = await fetch(`${house.url}${OPENAI.path}`, {
      method: 'POST',
      body: JSON.stringify(openai.ask({ stream: true, ...more })),
    });
    expect(await answer.text().catch(() => 'broke')).not.toContain('[DONE]');
    expect(second.calls).toHaveLength(0);
    expect((await record()).outcome).toBe('cut');
  });

  test('a tool that was called, thoughts alone, an event that could not be read', async () => {
    const thought = openai.role.replace('"content":""', '"reasoning_content":"hm"');
    const call = openai.role.replace(
      '"content":""',
      '"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{"}}]',
    );
    const began = [OPENAI.opening[0] ?? '', OPENAI.delta('Hel')];
    for (const events of [
      [...began, call],
      [thought],
      [...began, 'data: {"choices":[\n\n', OPENAI.delta('lo')],
    ]) {
      const { house, second } = await rig(
        ({ write, fin }) => {
          write(streamed(OPENAI.sse, ...events));
          fin();
        },
        goesOn(OPENAI, true),
      );
      expect((await fetched(house.url, OPENAI, { stream: true })).broke).toBe(true);
      expect(second.calls).toHaveLength(0);
    }
  });
});

test('whole answers are recovered whole, without any word of the route', async () => {
  const { house, record } = await rig(
    ({ write, fin }) => {
      const all = whole(200, OPENAI.json, OPENAI.answer(TEXT));
      write(all.slice(0, all.length - 30));
      fin();
    },
    ({ write }) => write(whole(200, OPENAI.json, OPENAI.answer(TEXT))),
    { takeover: null },
  );
  expect(await asked(house.url, OPENAI, { stream: false })).toMatchObject({ error: undefined, text: TEXT });
  expect((await record()).attempts.at(-1)).toMatchObject({ cause: 'fallback', outcome: 'complete' });
});

test('a caller who leaves while somebody is looked for ends that too', async () => {
  const leaves = new AbortController();
  const { house, second, record } = await rig(cutAfter(OPENAI, 4), () => undefined);
  const call = fetched(house.url, OPENAI, { stream: true, signal: leaves.signal }).catch(() => undefined);
  await eventually(() => second.calls.length > 0);
  leaves.abort();
  await call;
  const facts = await record();
  expect(facts.outcome).toBe('cancelled');
  expect(facts.attempts.map((a) => a.failure?.kind)).toEqual(['cut', 'client_left']);
  await second.calls[0]?.closed;
  await eventually(() => house.gateway.stats().inFlight === 0);
  expect(house.gateway.stats().streams).toBe(0);
});

test('who has failed this exchange already does not finish it', async () => {
  const t = OPENAI;
  const set = await rig(
    ({ write }) => write(whole(500, t.json, t.error('server_error', 'on fire'))),
    cutAfter(t, 4),
  );
  const raw = await fetched(set.house.url, t, { stream: true });
  expect(raw.broke).toBe(true);
  const facts = await set.record();
  expect(facts.attempts.map((a) => a.cause)).not.toContain('takeover');
  expect(facts.failure?.kind).toBe('cut');
});

describe('money', () => {
  /** Both targets have a price, and one budget pays for both. */
  async function priced(hard: number) {
    const first = await puppet(cutAfter(OPENAI, 4));
    const second = await puppet(goesOn(ANTHROPIC, true));
    const root = (port: number) => `http://127.0.0.1:${port}`;
    const input: ConfigInput = {
      providers: {
        up: { protocol: 'openai', baseUrl: `${root(first.port)}/v1`, apiKey: 'x', prices: PRICES },
        claude: { protocol: 'anthropic', baseUrl: root(second.port), apiKey: 'x' },
      },
      routes: {
        chat: {
          takeover: {},
          tiers: [
            { name: 'primary', targets: [{ provider: 'up', model: 'm-1' }] },
            { name: 'fallback', targets: [{ provider: 'claude', model: 'claude-opus-4-7' }] },
          ],
        },
      },
      budgets: { team: { per: 'tenant', hard } },
    };
    const folder = mkdtempSync(join(tmpdir(), 'midwatch-takeover-'));
    const ledger = openLedger(
      configSchema.parse(input),
      join(folder, 'ledger.json'),
      systemClock(),
      () => undefined,
    );
    const house = testGateway(input, { ledger });
    stops.push(
      () => house.stop(),
      () => ledger.stop(),
      () => first.stop(),
      () => second.stop(),
      () => rmSync(folder, { recursive: true, force: true }),
    );
    const ask = { ...openai.ask({ stream: true }), model: 'gpt-4o-mini', max_tokens: 100 };
    const answer = await fetch(`${house.url}${OPENAI.path}`, {
      method: 'POST',
      headers: { 'x-midwatch-tenant': 'blue' },
      body: JSON.stringify(ask),
    });
    const raw = await answer.text().catch(() => undefined);
    await eventually(() => house.finished.length > 0);
    return { raw, facts: (house.finished[0] as (typeof house.finished)[number]).facts, ledger, second };
  }

  test('both attempts are paid for, and the ledger has what the record has', async () => {
    const { facts, ledger } = await priced(1);
    expectTaken(facts);
    expect(facts.attempts.every((a) => a.cost.microUsd > 0)).toBe(true);
    expect(facts.cost.state).toBe('estimated');
    const [reading] = ledger.budgets.readings();
    expect(reading).toMatchObject({ settled: facts.cost.microUsd, reserved: 0 });
  });

  test('a budget that has no room for another target is not passed for it', async () => {
    // Room for the first, at 100 tokens of 15 dollars a million, and for nothing beside it.
    const { raw, facts, ledger, second } = await priced(0.0017);
    expect(raw).toBeUndefined();
    expect(second.calls).toHaveLength(0);
    expect(facts).toMatchObject({ outcome: 'cut', failure: { kind: 'cut' }, tier: { served: 'primary' } });
    expect(ledger.budgets.readings()[0]).toMatchObject({ settled: facts.cost.microUsd, reserved: 0 });
  });
});
