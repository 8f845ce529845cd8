import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { NO_USAGE, type Protocol, type Seam } from '#contracts';
import { anthropicMessages } from '../anthropic-messages/index.ts';
import { openaiChat } from '../openai-chat/index.ts';
import { openaiResponses } from '../openai-responses/index.ts';
import { decode, encode } from '../shared/json.ts';
import { findTranslator } from '../translate/index.ts';
import { takeovers } from './index.ts';

const PROTOCOLS = [openaiChat, openaiResponses, anthropicMessages];
const PIECES = ['The quick ', 'brown fox ', 'jumps 🦊 ', 'over the dog.'];
const TEXT = PIECES.join('');

/** A stream of the protocol, as an array of events. */
function streamOf(protocol: Protocol, pieces: readonly string[] = PIECES): string[] {
  const chunk = (choice: object, more: object = {}) =>
    `data: ${JSON.stringify({ id: 'c1', created: 1, model: 'm-served', choices: [{ index: 0, ...choice }], ...more })}\n\n`;
  const chat = [
    chunk({ delta: { role: 'assistant', content: '' }, finish_reason: null }),
    ...pieces.map((content) => chunk({ delta: { content }, finish_reason: null })),
    chunk({ delta: {}, finish_reason: 'stop' }, { usage: { prompt_tokens: 10, completion_tokens: 20 } }),
    'data: [DONE]\n\n',
  ];
  if (protocol === openaiChat) return chat;
  const ask = encode(JSON.stringify({ model: 'm', input: 'Hi', messages: [] }));
  const stream = findTranslator(protocol.name, 'openai-chat')?.stream({
    exchange: '00000000-0000-7000-8000-000000000000' as never,
    model: 'm',
    at: 0 as never,
    ask,
  });
  const said = chat.map((event) => decode(stream?.push(encode(event)) ?? new Uint8Array())).join('');
  return said.split(/(?<=\n\n)/);
}

const ask = (protocol: Protocol) =>
  encode(
    JSON.stringify({
      model: 'm',
      stream: true,
      max_tokens: 100,
      ...(protocol === openaiResponses ? { input: 'Hi' } : { messages: [{ role: 'user', content: 'Hi' }] }),
    }),
  );

const usage = { ...NO_USAGE, input: 5, output: 7, basis: 'estimated' } as const;

describe.each(PROTOCOLS.flatMap((to) => PROTOCOLS.map((from) => [to.name, from.name, to, from] as const)))(
  '%s goes on with %s',
  (_, __, to, from) => {
    test('after any event: one good stream, whose text is whole and whose usage is the sum', () => {
      const events = streamOf(to);
      let taken = 0;
      for (let cut = 1; cut < events.length; cut++) {
        const sent = events.slice(0, cut).join('');
        const before = to.scanStream();
        before.push(encode(sent));
        const begun = takeovers.begun(to.name, ask(to), encode(sent));
        if (!before.started || before.finished) continue;
        if (!begun) throw new Error(`not taken over after ${cut} events`);
        taken++;
        const rest = begun.rest(from.name, 'instruction', usage);
        const told = streamOf(from, [begun.text, TEXT.slice(begun.text.length)].filter(Boolean))
          .map((event) => decode(rest.push(encode(event)) ?? new Uint8Array()))
          .join('');
        expect(rest).toMatchObject({ ended: true, unusable: false });
        const all = sent + told;
        const scanner = to.scanStream();
        scanner.push(encode(all));
        const reading = scanner.read(true);
        expect(reading.outcome).toBe('complete');
        const [message] = to.readMessage(
          encode(JSON.stringify(JSON.parse(decode(reading.message() ?? encode('[]')))[0])),
        );
        expect(message?.parts).toEqual([{ kind: 'text', text: TEXT }]);
        if (to !== openaiChat) expect(reading.usage).toMatchObject({ output: 27 });
        // Not one event is of another answer.
        const ids = new Set(
          [...all.matchAll(/"(?:id|item_id)":"((?:c1|chatcmpl|resp|msg)[^"]*)"/g)].map((m) => m[1]),
        );
        expect(ids.size).toBe(to === openaiResponses ? 2 : 1);
        const numbers = [...all.matchAll(/"sequence_number":(\d+)/g)].map((m) => Number(m[1]));
        expect(numbers).toEqual(numbers.map((_, i) => i));
      }
      expect(taken).toBeGreaterThan(3);
    });
  },
);

test('what is kept at a provider nobody else goes on from', () => {
  const sent = encode(streamOf(openaiResponses).slice(0, 6).join(''));
  const asked = (more: object) => encode(JSON.stringify({ model: 'm', input: 'Hi', ...more }));
  expect(takeovers.begun('openai-responses', asked({}), sent)?.text).toBeString();
  for (const more of [
    { previous_response_id: 'r' },
    { conversation: 'c' },
    { prompt: { id: 'p' } },
    { background: true },
  ])
    expect(takeovers.begun('openai-responses', asked(more), sent)).toBeUndefined();
  const stored = encode(decode(sent).replaceAll('"store":false', '"store":true'));
  expect(takeovers.begun('openai-responses', asked({}), stored)).toBeUndefined();
});

test('whatever came and whatever comes: no throw, and never an end that its own dialect does not take for one', () => {
  const by = fc.constantFrom<Seam>('turn', 'prefix', 'continue', 'instruction', 'restart');
  /** Events left out, twice, cut or with bytes of another. */
  const bent = fc.array(fc.tuple(fc.nat(30), fc.constantFrom('drop', 'twice', 'cut', 'flip'), fc.nat(500)), {
    maxLength: 4,
  });
  const bend = (events: readonly string[], changes: readonly [number, string, number][]): Uint8Array => {
    const list = [...events];
    for (const [place, how, at] of changes) {
      const i = place % list.length;
      const event = list[i] ?? '';
      if (how === 'drop') list.splice(i, 1, '');
      else if (how === 'twice') list.splice(i, 0, event);
      else if (how === 'cut') list[i] = event.slice(0, at % (event.length + 1));
      else list[i] = event.replace(event[at % (event.length || 1)] ?? '', '}');
    }
    return encode(list.join(''));
  };
  fc.assert(
    fc.property(fc.nat(2), fc.nat(2), by, bent, bent, fc.nat(12), (one, other, seam, before, after, cut) => {
      const [to, from] = [PROTOCOLS[one] as Protocol, PROTOCOLS[other] as Protocol];
      const sent = bend(streamOf(to).slice(0, cut + 1), before);
      const heard = to.scanStream();
      heard.push(sent);
      // A relay sends whole events that can be read, and looks for nobody when they say that they have ended.
      if (heard.ended || heard.failure || heard.malformed > 0 || heard.pending > 0) return;
      const begun = takeovers.begun(to.name, ask(to), sent);
      const rest = begun?.rest(from.name, seam, usage);
      if (!begun || !rest) return;
      const told = [rest.push(bend(streamOf(from), after)), rest.end()].map((b) =>
        decode(b ?? new Uint8Array()),
      );
      if (!rest.ended || rest.unusable) return;
      const scanner = to.scanStream();
      scanner.push(encode(decode(sent) + told.join('')));
      expect(scanner.read(true).finish).toBeString();
    }),
    { seed: 3, numRuns: 2_000 },
  );
});

describe('the ask for the rest', () => {
  const json = (body: Uint8Array | undefined) => body && JSON.parse(decode(body));

  test('the limit counts what was said, and usage is asked for', () => {
    const text = 'x'.repeat(200);
    expect(json(takeovers.ask('openai-chat', ask(openaiChat), text, 'instruction'))).toMatchObject({
      max_tokens: 50,
      stream_options: { include_usage: true },
    });
    expect(
      json(takeovers.ask('anthropic-messages', ask(anthropicMessages), 'x'.repeat(4_000), 'turn')).max_tokens,
    ).toBe(16);
  });

  test('a model that thinks is not handed a beginning, white space at its end never', () => {
    const body = JSON.parse(decode(ask(anthropicMessages)));
    const thinking = encode(JSON.stringify({ ...body, thinking: { type: 'enabled', budget_tokens: 1_024 } }));
    expect(takeovers.ask('anthropic-messages', thinking, 'So', 'turn')).toBeUndefined();
    expect(json(takeovers.ask('anthropic-messages', thinking, 'So', 'instruction')).messages).toHaveLength(3);
    const said = json(takeovers.ask('anthropic-messages', ask(anthropicMessages), 'So \n', 'turn'));
    expect(said.messages.at(-1)).toEqual({ role: 'assistant', content: 'So' });
  });

  test('the words to repeat are the last ones, whole', () => {
    const text = `${'word '.repeat(30)}and then the very last ones`;
    const { messages } = json(takeovers.ask('openai-chat', ask(openaiChat), text, 'instruction'));
    const [, quoted] = /which are "([^"]*)"/.exec(messages[2].content) ?? [];
    expect(text.endsWith(` ${quoted}`)).toBe(true);
    expect(quoted?.length).toBeGreaterThan(20);
  });
});
