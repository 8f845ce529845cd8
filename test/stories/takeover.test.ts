import { afterEach, describe, expect, test } from 'bun:test';
import OpenAI from 'openai';
import { exchangeIds, systemClock } from '#kernel';
import { findTranslator } from '#protocols';
import { type Behaviour, type Call, chunk, LAST_CHUNK, streamed } from '../support/puppet.ts';
import { anthropic, openai } from '../support/speech.ts';
import {
  beginning,
  bodyOf,
  chatStream,
  cutAfter,
  ending,
  expectTaken,
  goesOn,
  PIECES,
  rig,
  says,
  stopAll,
  TEXT,
} from '../support/takeover.ts';
import { ANTHROPIC, asked, fetched, OPENAI, TONGUES } from '../support/tongues.ts';

/** Another target finishes what the first began, and the caller reads one answer. */

afterEach(stopAll);
const nextId = exchangeIds(systemClock());

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
          await stopAll();
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
      await stopAll();
    }
  },
  120_000,
);

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

describe('a silence that is long for its own target (timeouts.stall)', () => {
  const GOOD = 20;
  /** Good streams in pieces, then one that falls silent for so long. */
  async function stalling(
    pause: number,
    options: Parameters<typeof rig>[2] = {},
    rescues = goesOn(OPENAI, true),
  ) {
    const acts: Behaviour = async ({ write, number, closed }) => {
      write(streamed(OPENAI.sse, ...beginning(OPENAI, PIECES.slice(0, 4))));
      await Promise.race([closed, Bun.sleep(number < GOOD ? 5 : pause)]);
      const rest = PIECES.slice(4).map((piece) => OPENAI.delta(piece));
      write(chunk([...rest, ...ending(OPENAI)].join('')) + LAST_CHUNK);
    };
    const set = await rig(acts, rescues, { route: { timeouts: { stall: 5 } }, ...options });
    for (let i = 0; i < GOOD; i++)
      expect((await asked(set.house.url, OPENAI, { stream: true })).text).toBe(TEXT);
    return set;
  }

  test('is not sat through: another finishes the answer', async () => {
    const { house, second, record } = await stalling(30_000);
    expect(await asked(house.url, OPENAI, { stream: true })).toMatchObject({ error: undefined, text: TEXT });
    expect(second.calls).toHaveLength(1);
    const facts = await record(GOOD);
    expectTaken(facts, 'timeout_content');
    expect(facts.attempts[0]?.failure?.hint).toContain('timeouts.stall');
  }, 60_000);

  test('is sat through where nobody may finish it', async () => {
    const { house, second, record } = await stalling(1_300);
    const choices = openai.ask({ stream: true, n: 2 });
    const answer = await fetch(`${house.url}${OPENAI.path}`, {
      method: 'POST',
      body: JSON.stringify(choices),
    });
    const said = chatStream(await answer.text()).map((c) => c.choices[0]?.delta.content ?? '');
    expect(said.join('')).toBe(TEXT);
    expect(second.calls).toHaveLength(0);
    expect((await record(GOOD)).attempts).toHaveLength(1);
  }, 60_000);

  test('costs a stream that is sent only when it is whole another try', async () => {
    const route = { timeouts: { stall: 5 }, buffer: 'whole' };
    const { house, record } = await stalling(30_000, { takeover: null, route }, says(OPENAI, TEXT));
    expect(await asked(house.url, OPENAI, { stream: true })).toMatchObject({ error: undefined, text: TEXT });
    const { attempts, tier } = await record(GOOD);
    expect(attempts.map((a) => a.failure?.kind)).toEqual(['timeout_content', undefined]);
    expect(tier.served).toBe('fallback');
  }, 60_000);
});
