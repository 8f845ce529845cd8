import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { anthropicMessages } from '../anthropic-messages/index.ts';
import { openaiChat } from '../openai-chat/index.ts';
import { plain, scan } from './conformance.case.test.ts';
import { encode, type Json } from './json.ts';

const RUNS = { seed: 7, numRuns: 1000 };

const said = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });
const args = fc
  .dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { maxKeys: 3 })
  .map((value) => JSON.stringify(value));
const answers = fc.record({
  text: said,
  thought: fc.option(said),
  calls: fc.array(args, { maxLength: 3 }),
  piece: fc.integer({ min: 1, max: 9 }),
  unknown: fc.dictionary(
    fc.string().map((key) => `x_${key}`),
    fc.jsonValue(),
    { maxKeys: 3 },
  ),
  cuts: fc.array(fc.nat(), { maxLength: 8 }),
});

/** By code units: a provider may cut between the halves of a surrogate pair, and JSON writes each as an escape. */
function pieces(text: string, size: number): string[] {
  const out: string[] = [];
  for (let i = 0; i < text.length; i += size) out.push(text.slice(i, i + size));
  return out;
}
const cutsOf = (body: Uint8Array, cuts: readonly number[]) =>
  [...new Set(cuts.map((cut) => cut % body.length))].sort((a, b) => a - b);

test('openai-chat: whatever a model says comes out of the stream as it went in', () => {
  fc.assert(
    fc.property(answers, ({ text, thought, calls, piece, unknown, cuts }) => {
      const tool_calls = calls.map((made, i) => ({
        id: `c${i}`,
        type: 'function',
        function: { name: `f${i}`, arguments: made },
      }));
      const deltas: Json[] = [
        { role: 'assistant', content: '' },
        ...(thought === null
          ? []
          : pieces(thought, piece).map((reasoning_content) => ({ reasoning_content }))),
        ...pieces(text, piece).map((content) => ({ content })),
        ...tool_calls.flatMap((call, index) => [
          { tool_calls: [{ index, ...call, function: { name: call.function.name, arguments: '' } }] },
          ...pieces(call.function.arguments, piece).map((part) => ({
            tool_calls: [{ index, function: { arguments: part } }],
          })),
        ]),
      ];
      const finish_reason = calls.length > 0 ? 'tool_calls' : 'stop';
      const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
      const events = [
        ...deltas.map((delta) => ({ delta, finish_reason: null })),
        { delta: {}, finish_reason },
      ];
      const lines = [
        ...events.map((choice) =>
          JSON.stringify({ ...unknown, model: 'm', choices: [{ ...unknown, index: 0, ...choice }] }),
        ),
        JSON.stringify({ ...unknown, choices: [], usage }),
        '[DONE]',
      ];
      const body = encode(lines.map((line) => `data: ${line}\n\n`).join(''));
      const seen = scan(openaiChat, body, cutsOf(body, cuts));
      const message = {
        role: 'assistant',
        content: text,
        ...(thought === null ? {} : { reasoning_content: thought }),
        ...(calls.length > 0 ? { tool_calls } : {}),
      };
      const whole = plain(
        openaiChat.readAnswer(
          encode(
            JSON.stringify({
              ...unknown,
              model: 'm',
              usage,
              choices: [{ ...unknown, index: 0, message, finish_reason }],
            }),
          ),
        ),
      );
      expect(seen).toMatchObject({
        started: true,
        finished: true,
        ended: true,
        pending: 0,
        failure: undefined,
      });
      expect(seen.reading).toEqual(whole);
      expect(whole).toMatchObject({ outcome: calls.length > 0 ? 'tool' : 'complete', message: [message] });
    }),
    RUNS,
  );
});

test('anthropic-messages: whatever a model says comes out of the stream as it went in', () => {
  fc.assert(
    fc.property(answers, ({ text, thought, calls, piece, unknown, cuts }) => {
      const content: Json[] = [
        ...(thought === null ? [] : [{ type: 'thinking', thinking: thought, signature: 's==' }]),
        { type: 'text', text, citations: null },
        ...calls.map((made, i) => ({
          type: 'tool_use',
          id: `t${i}`,
          name: `f${i}`,
          input: JSON.parse(made) as unknown,
        })),
      ];
      const blank: Readonly<Record<string, Json>> = {
        text: { text: '' },
        thinking: { thinking: '', signature: '' },
        tool_use: { input: {} },
      };
      const deltasOf = (block: Json): Json[] => {
        if (block.type === 'text')
          return pieces(text, piece).map((part) => ({ type: 'text_delta', text: part }));
        if (block.type === 'thinking')
          return [
            ...pieces(thought ?? '', piece).map((part) => ({ type: 'thinking_delta', thinking: part })),
            { type: 'signature_delta', signature: 's==' },
          ];
        return pieces(JSON.stringify(block.input), piece).map((partial_json) => ({
          type: 'input_json_delta',
          partial_json,
        }));
      };
      const stop_reason = calls.length > 0 ? 'tool_use' : 'end_turn';
      const usage = { input_tokens: 9, output_tokens: 1, cache_read_input_tokens: 4 };
      const events: Json[] = [
        { type: 'message_start', message: { ...unknown, model: 'm', content: [], usage } },
        { type: 'ping' },
        ...content.flatMap((block, index) => [
          { type: 'content_block_start', index, content_block: { ...block, ...blank[block.type as string] } },
          ...deltasOf(block).map((delta) => ({ type: 'content_block_delta', index, delta })),
          { type: 'content_block_stop', index },
        ]),
        { type: 'message_delta', delta: { stop_reason }, usage: { input_tokens: null, output_tokens: 30 } },
        { type: 'message_stop' },
      ];
      const body = encode(
        events
          .map((event) => `event: ${event.type}\ndata: ${JSON.stringify({ ...unknown, ...event })}\n\n`)
          .join(''),
      );
      const seen = scan(anthropicMessages, body, cutsOf(body, cuts));
      const whole = plain(
        anthropicMessages.readAnswer(
          encode(
            JSON.stringify({ model: 'm', content, stop_reason, usage: { ...usage, output_tokens: 30 } }),
          ),
        ),
      );
      expect(seen).toMatchObject({
        started: true,
        finished: true,
        ended: true,
        pending: 0,
        failure: undefined,
      });
      expect(seen.reading).toEqual(whole);
      expect(whole).toMatchObject({
        outcome: calls.length > 0 ? 'tool' : 'complete',
        message: [{ content }],
      });
    }),
    RUNS,
  );
});
