import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Outcome, TranslateContext, Usage } from '#contracts';
import { NO_USAGE } from '#contracts';
import { encode, type Json, list, object } from '../shared/json.ts';
import { Assembler, type Said } from './assembler.ts';
import { ChatReader } from './chat/read-answer.ts';
import { readChatAsk } from './chat/read-ask.ts';
import { ChatWriter, writeChatAnswer } from './chat/write-answer.ts';
import { writeChatAsk } from './chat/write-ask.ts';
import { findTranslator, lossesOf } from './index.ts';
import { MessagesReader } from './messages/read-answer.ts';
import { readMessagesAsk } from './messages/read-ask.ts';
import { MessagesWriter, writeMessagesAnswer } from './messages/write-answer.ts';
import { writeMessagesAsk } from './messages/write-ask.ts';
import type { Ask, Begin, DialectName, End, Part, Sink, Tool, Turn } from './neutral.ts';
import { Notes } from './notes.ts';
import { ResponsesReader } from './responses/read-answer.ts';
import { readResponsesAsk } from './responses/read-ask.ts';
import { ResponsesWriter, writeResponsesAnswer } from './responses/write-answer.ts';
import { writeResponsesAsk } from './responses/write-ask.ts';
import { answerOf, bytes, contextOf, json, OPTIONS, PAIRS, relay } from './shared.case.test.ts';

const RUNS = { seed: 4_004, numRuns: 300 };

const READ_ASK = {
  'openai-chat': readChatAsk,
  'openai-responses': readResponsesAsk,
  'anthropic-messages': readMessagesAsk,
} as const;
const WRITE_ASK = {
  'openai-chat': writeChatAsk,
  'openai-responses': writeResponsesAsk,
  'anthropic-messages': writeMessagesAsk,
} as const;

const translator = (from: DialectName, to: DialectName) => {
  const found = findTranslator(from, to);
  if (!found) throw new Error(`no translator from ${from} to ${to}`);
  return found;
};

// What all three can say.

const word = fc.stringMatching(/^[a-z]{1,8}$/);
const said = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const textPart = said.map((text): Part => ({ kind: 'text', text }));
const imagePart = fc
  .constantFrom<Part & { kind: 'image' }>(
    { kind: 'image', source: { at: 'inline', media: 'image/png', data: 'iVBORw0=' } },
    { kind: 'image', source: { at: 'url', url: 'https://example.org/a.jpg' } },
  )
  .map((part): Part => part);
const args = fc
  .dictionary(word, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })
  .map((value) => JSON.stringify(value));

const userTurn = fc
  .array(fc.oneof(textPart, imagePart), { minLength: 1, maxLength: 3 })
  .map((parts): Turn => ({ role: 'user', parts }));

/** An answer, and if it calls tools the results of all of them. */
const answerTurns = fc
  .record({
    texts: fc.array(textPart, { minLength: 1, maxLength: 2 }),
    calls: fc.array(fc.record({ name: word, args, result: said }), { maxLength: 3 }),
    seed: fc.nat(1_000_000),
  })
  .map(({ texts, calls, seed }): Turn[] => {
    const turns: Turn[] = [
      {
        role: 'assistant',
        parts: [
          ...texts,
          ...calls.map(({ name, args }, i): Part => ({ kind: 'call', id: `call_${seed}_${i}`, name, args })),
        ],
      },
    ];
    if (calls.length > 0)
      turns.push({
        role: 'user',
        parts: calls.map(
          ({ result }, i): Part => ({
            kind: 'result',
            id: `call_${seed}_${i}`,
            parts: [{ kind: 'text', text: result }],
          }),
        ),
      });
    return turns;
  });

const SCHEMA: Json = {
  type: 'object',
  properties: { a: { type: 'string' }, b: { type: 'array', items: { type: 'number' } } },
  required: ['a', 'b'],
  additionalProperties: false,
};

const tool = fc.record(
  { name: word, description: said, schema: fc.constant(SCHEMA), strict: fc.boolean() },
  { requiredKeys: ['name', 'schema', 'strict'] },
) as fc.Arbitrary<Tool>;

const asks: fc.Arbitrary<Ask> = fc
  .record({
    stream: fc.boolean(),
    system: fc.array(textPart, { maxLength: 2 }),
    first: userTurn,
    middle: fc.array(fc.tuple(answerTurns, userTurn), { maxLength: 2 }),
    tools: fc.uniqueArray(tool, { maxLength: 3, selector: ({ name }) => name }),
    choice: fc.constantFrom('auto', 'none', 'required', 'named', undefined),
    parallel: fc.constantFrom(false, undefined),
    format: fc.boolean(),
    maxOutput: fc.integer({ min: 2_000, max: 9_000 }),
    sampling: fc.constantFrom({}, { temperature: 0.5 }, { topP: 0.25 }),
    effort: fc.constantFrom('low', 'medium', 'high', 'xhigh', undefined),
    user: fc.option(word, { nil: undefined }),
    tier: fc.constantFrom('auto', 'default', undefined),
  })
  .map((made): Ask => {
    // Calls need tools, or Anthropic is given some.
    const called = made.middle.some(([turns]) => turns.length > 1);
    const spare: Tool = { name: 'spare', schema: SCHEMA, strict: false };
    const tools = called && made.tools.length === 0 ? [spare] : made.tools;
    const [tool] = tools;
    const thinks = made.effort !== undefined && made.choice !== 'required' && made.choice !== 'named';
    const choice =
      made.choice === undefined || !tool
        ? undefined
        : made.choice === 'named'
          ? { mode: 'named' as const, name: tool.name }
          : { mode: made.choice };
    return {
      family: 'openai',
      stream: made.stream,
      turns: [
        ...(made.system.length > 0 ? [{ role: 'system' as const, parts: made.system }] : []),
        made.first,
        ...made.middle.flatMap(([answer, user]) => [...answer, user]),
      ],
      tools,
      stops: [],
      openai: {},
      maxOutput: made.maxOutput,
      ...(choice ? { choice } : {}),
      ...(made.parallel === false && tool && choice?.mode !== 'none' ? { parallel: false } : {}),
      ...(made.format ? { format: { kind: 'schema' as const, schema: SCHEMA, strict: true } } : {}),
      ...(thinks && made.effort ? { thinking: { on: true, effort: made.effort } } : made.sampling),
      ...(made.user ? { user: made.user } : {}),
      ...(made.tier ? { tier: made.tier } : {}),
    };
  });

/** Without what differs in writing only. */
function normal(ask: Ask): unknown {
  const turns: { role: string; parts: unknown[] }[] = [];
  for (const { role, parts } of ask.turns) {
    const plain = parts.map((part) =>
      part.kind === 'image' ? { ...part, detail: part.detail === 'auto' ? undefined : part.detail } : part,
    );
    const last = turns.at(-1);
    if (last?.role === role) last.parts.push(...plain);
    else turns.push({ role, parts: [...plain] });
  }
  const { store: _, ...openai } = ask.openai;
  // To choose freely is what happens unasked.
  const choice = ask.choice?.mode === 'auto' ? undefined : ask.choice;
  return { ...ask, choice, family: undefined, turns, openai };
}

/** Losses of the way there and back that leave no trace in what is compared. */
const HARMLESS = new Set(['schema-name', 'max-tokens-default']);

describe('an ask that all can say comes back as it was', () => {
  for (const { from, to } of PAIRS)
    test(`${from} → ${to} → ${from}`, () => {
      fc.assert(
        fc.property(asks, (ask) => {
          const first = WRITE_ASK[from](ask, OPTIONS, new Notes(from));
          const there = translator(from, to).ask(bytes(first), OPTIONS);
          if (!there.ok) throw new Error(there.error.hint);
          const back = translator(to, from).ask(there.value.body, OPTIONS);
          if (!back.ok) throw new Error(back.error.hint);
          const lost = [...there.value.losses, ...back.value.losses].filter((id) => !HARMLESS.has(id));
          expect(lost).toEqual([]);
          const notes = new Notes(from);
          expect(normal(READ_ASK[from](json(back.value.body), notes))).toEqual(
            normal(READ_ASK[from](first, notes)),
          );
        }),
        RUNS,
      );
    });
});

test('every loss is declared for its pair, whatever the ask', () => {
  const values = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(
      'auto',
      0.5,
      3,
      true,
      { type: 'json_object' },
      { type: 'enabled', budget_tokens: 2_000 },
    ),
  );
  const members = fc.dictionary(
    fc.constantFrom(
      ...[
        'temperature',
        'top_p',
        'top_k',
        'seed',
        'logprobs',
        'verbosity',
        'metadata',
        'store',
        'service_tier',
      ],
      ...[
        'prompt_cache_key',
        'frequency_penalty',
        'prediction',
        'response_format',
        'thinking',
        'speed',
        'include',
      ],
      ...[
        'truncation',
        'max_tool_calls',
        'cache_control',
        'reasoning_effort',
        'output_config',
        'user',
        'anything',
      ],
    ),
    values,
  );
  fc.assert(
    fc.property(asks, members, fc.constantFrom(...PAIRS), (ask, extra, { from, to }) => {
      const body = bytes({ ...WRITE_ASK[from](ask, OPTIONS, new Notes(from)), ...extra });
      const asked = translator(from, to).ask(body, OPTIONS);
      if (!asked.ok) return;
      const declared = lossesOf(from, to)
        .filter((row) => row.in === 'ask')
        .map(({ id }) => id);
      expect(asked.value.losses.filter((id) => !declared.includes(id))).toEqual([]);
    }),
    { seed: 4_004, numRuns: 2_000 },
  );
});

// Answers.

interface Told {
  readonly parts: readonly Said[];
  readonly end: End;
}

const usage: fc.Arbitrary<Usage> = fc
  .record({
    input: fc.nat(9_999),
    cacheRead: fc.nat(9_999),
    cacheWrite: fc.nat(9_999),
    cacheWriteLong: fc.nat(9_999),
    output: fc.nat(9_999),
    reasoning: fc.nat(9_999),
  })
  .map((counts) => ({ ...NO_USAGE, ...counts, basis: 'reported' as const }));

const answers: fc.Arbitrary<Told> = fc
  .record({
    thought: fc.option(said, { nil: undefined }),
    text: fc.option(said, { nil: undefined }),
    calls: fc.array(fc.record({ name: word, args }), { maxLength: 3 }),
    cut: fc.constantFrom<Outcome>('length', 'complete', 'complete', 'content_filter'),
    usage,
  })
  .map(({ thought, text, calls, cut, usage }): Told => {
    const parts: Said[] = [
      ...(thought === undefined
        ? []
        : [{ open: { kind: 'reasoning' as const }, text: thought, citations: [] }]),
      ...(text === undefined ? [] : [{ open: { kind: 'text' as const }, text, citations: [] }]),
      ...calls.map(({ name, args }, i) => ({
        open: { kind: 'call' as const, id: `call_${i}`, name },
        text: args,
        citations: [],
      })),
    ];
    const outcome = cut === 'complete' && calls.length > 0 ? 'tool' : cut;
    return { parts, end: { outcome, word: outcome, usage } };
  });

/** Asks that let an answer show everything it has. */
const SHOWING: Readonly<Record<DialectName, Json>> = {
  'openai-chat': { model: 'm', stream_options: { include_usage: true } },
  'openai-responses': { model: 'm' },
  'anthropic-messages': { model: 'm', thinking: { type: 'adaptive' } },
};
const showing = (name: DialectName): TranslateContext => contextOf(bytes(SHOWING[name]));

const HEAD: Begin = { model: 'served' };
const BY = 'openai-chat';

function whole(name: DialectName, { parts, end }: Told): Json {
  const answer = { head: HEAD, parts, end };
  const context = showing(name);
  if (name === 'openai-chat') return writeChatAnswer(answer, BY, context);
  if (name === 'openai-responses') return writeResponsesAnswer(answer, BY, context);
  return writeMessagesAnswer(answer, BY, context) ?? {};
}

function streamed(name: DialectName, { parts, end }: Told, size: number): string {
  const context = showing(name);
  const writer =
    name === 'openai-chat'
      ? new ChatWriter(BY, context)
      : name === 'openai-responses'
        ? new ResponsesWriter(BY, context)
        : new MessagesWriter(BY, context);
  writer.begin(HEAD);
  for (const { open, text } of parts) {
    writer.open(open);
    for (let i = 0; i < text.length; i += size) writer.piece(text.slice(i, i + size));
    writer.close();
  }
  writer.end(end);
  return writer.take();
}

/** What a reader of the dialect makes of an answer, without seals: they are tested by themselves. */
function told(name: DialectName, feed: (sink: Sink) => void): unknown {
  const sink = new Assembler();
  feed(sink);
  return {
    model: sink.head.model,
    parts: sink.parts.map(({ open, text }) => ({ open, text })),
    outcome: sink.last?.outcome,
    usage: sink.last?.usage,
    name,
  };
}

function readWhole(name: DialectName, answer: Json): unknown {
  return told(name, (sink) => {
    if (name === 'openai-chat') {
      const reader = new ChatReader(sink);
      reader.event('', answer);
      reader.finish();
    } else if (name === 'openai-responses') new ResponsesReader(sink).response(answer);
    else new MessagesReader(sink).message(answer);
  });
}

function readStream(name: DialectName, stream: string): unknown {
  return told(name, (sink) => {
    const reader =
      name === 'openai-chat'
        ? new ChatReader(sink)
        : name === 'openai-responses'
          ? new ResponsesReader(sink)
          : new MessagesReader(sink);
    for (const event of stream.split('\n\n')) {
      const data = event.slice(event.indexOf('data: ') + 'data: '.length);
      if (data === '[DONE]') reader.terminator();
      else if (data.startsWith('{')) reader.event('', JSON.parse(data) as Json);
    }
  });
}

describe('an answer comes back as it was', () => {
  for (const { from, to } of PAIRS) {
    test(`${to} → ${from} → ${to}, whole`, () => {
      fc.assert(
        fc.property(answers, (answer) => {
          const first = whole(to, answer);
          const there = translator(from, to).answer(bytes(first), showing(from));
          if (!there.ok) throw new Error(there.error.hint);
          const back = translator(to, from).answer(there.value, showing(to));
          if (!back.ok) throw new Error(back.error.hint);
          expect(readWhole(to, json(back.value))).toEqual(readWhole(to, first));
          expect(object(readWhole(to, first)).outcome).toBe(answer.end.outcome);
        }),
        RUNS,
      );
    });

    test(`${to} → ${from} → ${to}, as a stream cut anywhere`, () => {
      fc.assert(
        fc.property(
          answers,
          fc.integer({ min: 1, max: 9 }),
          fc.array(fc.nat(), { maxLength: 8 }),
          (answer, size, cuts) => {
            const first = streamed(to, answer, size);
            const at = (body: Uint8Array) =>
              [...new Set(cuts.map((cut) => cut % body.length))].sort((a, b) => a - b);
            const body = encode(first);
            const there = relay(translator(from, to), bytes(SHOWING[from]), body, at(body));
            const middle = encode(there);
            const back = relay(translator(to, from), bytes(SHOWING[to]), middle, at(middle));
            expect(readStream(to, back)).toEqual(readStream(to, first));
            expect(readStream(to, first)).toEqual(readWhole(to, whole(to, answer)));
          },
        ),
        RUNS,
      );
    });
  }
});

/** The answer as a client sends it back in its next turn. */
function echoed(name: DialectName, answer: Json): Json {
  const next = { role: 'user', content: 'Go on.' };
  if (name === 'openai-responses') return { model: 'm', input: [...list(answer.output), next] };
  const message =
    name === 'openai-chat'
      ? object(list(answer.choices)[0]).message
      : { role: 'assistant', content: answer.content };
  return { model: 'm', max_tokens: 9_000, messages: [{ role: 'user', content: 'Hi.' }, message, next] };
}

describe('what a target signed finds its way back to it', () => {
  for (const { from, to } of PAIRS) {
    if (to === 'openai-chat') continue;
    test(`${from} at ${to}`, () => {
      const original = answerOf(to, 'thinking');
      const shown = translator(from, to).answer(original, showing(from));
      if (!shown.ok) throw new Error(shown.error.hint);
      const asked = translator(from, to).ask(bytes(echoed(from, json(shown.value))), OPTIONS);
      if (!asked.ok) throw new Error(asked.error.hint);
      expect(asked.value.losses).not.toContain('reasoning-history');
      const sent = JSON.stringify(json(asked.value.body));
      expect(sent).not.toContain('midwatch:');
      for (const sealed of to === 'openai-responses'
        ? ['gAAAAABo', 'rs_68af4031']
        : ['EqRSIG==', 'EmHIDDEN=='])
        expect(sent).toContain(sealed);
    });
  }
});
