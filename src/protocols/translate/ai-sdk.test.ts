import { expect, test } from 'bun:test';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, jsonSchema, type LanguageModel, streamText, tool } from 'ai';
import { decode, encode } from '../shared/json.ts';
import { findTranslator } from './index.ts';
import type { DialectName } from './neutral.ts';
import { answerOf, CASES, contextOf, json, OPTIONS, PAIRS, relay, streamOf } from './shared.case.test.ts';

/** A third client: Vercel's checks every event against a schema, and is stricter than the vendors' own. */

function modelOf(from: DialectName, fetch: typeof globalThis.fetch): LanguageModel {
  if (from === 'anthropic-messages') return createAnthropic({ apiKey: 'none', fetch })('claude-opus-4-7');
  const openai = createOpenAI({ apiKey: 'none', fetch });
  return from === 'openai-chat' ? openai.chat('gpt-5.5') : openai.responses('gpt-5.5');
}

/** Answers as the gateway will, from the recorded answers of the target. */
function answering(from: DialectName, to: DialectName, name: string): typeof globalThis.fetch {
  const translator = findTranslator(from, to);
  if (!translator) throw new Error('no translator');
  const answer = (_url: unknown, init?: { readonly body?: unknown }): Promise<Response> => {
    const ask = encode(String(init?.body));
    const asked = translator.ask(ask, OPTIONS);
    if (!asked.ok) throw new Error(asked.error.hint);
    if (json(ask).stream === true)
      return Promise.resolve(
        new Response(relay(translator, ask, streamOf(to, name), []), {
          headers: { 'content-type': 'text/event-stream' },
        }),
      );
    const answered = translator.answer(answerOf(to, name), contextOf(ask));
    if (!answered.ok) throw new Error(answered.error.hint);
    return Promise.resolve(
      new Response(decode(answered.value), { headers: { 'content-type': 'application/json' } }),
    );
  };
  return Object.assign(answer, { preconnect: () => {} });
}

const anything = tool({ inputSchema: jsonSchema<unknown>({ type: 'object', properties: {} }) });

for (const { from, to } of PAIRS)
  test(`${from} at ${to}: a stream says what the whole answer says`, async () => {
    for (const name of CASES) {
      const ask = {
        model: modelOf(from, answering(from, to, name)),
        prompt: 'Hi',
        tools: { weather: anything, clock: anything },
        maxRetries: 0,
        providerOptions: { anthropic: { thinking: { type: 'adaptive' } } },
      };
      const errors: unknown[] = [];
      const stream = streamText({ ...ask, onError: ({ error }) => errors.push(error) });
      const whole = await generateText(ask);
      const [text, finishReason, calls, usage] = await Promise.all([
        stream.text,
        stream.finishReason,
        stream.toolCalls,
        stream.usage,
      ]);
      expect([name, errors]).toEqual([name, []]);
      expect([name, finishReason, calls.length]).toEqual([name, whole.finishReason, whole.toolCalls.length]);
      expect([name, usage.inputTokens, usage.outputTokens]).toEqual([
        name,
        whole.usage.inputTokens,
        whole.usage.outputTokens,
      ]);
      // The recorded refusals differ: one speaks before it refuses.
      if (name !== 'refusal') expect([name, text]).toEqual([name, whole.text]);
    }
  });
