import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { Reading, Usage } from '#contracts';
import { NO_USAGE } from '#contracts';
import { protocolByName } from '../index.ts';
import { encode, object } from '../shared/json.ts';
import { goldenOf, goldenPath } from './golden.gen.ts';
import { findTranslator, lossesOf } from './index.ts';
import {
  answerOf,
  askOf,
  CASES,
  contextOf,
  json,
  OPTIONS,
  PAIRS,
  relay,
  streamOf,
} from './shared.case.test.ts';

const protocol = (name: string) => {
  const found = protocolByName(name);
  if (!found) throw new Error(`no protocol ${name}`);
  return found;
};
const translator = (from: string, to: string) => {
  const found = findTranslator(from, to);
  if (!found) throw new Error(`no translator from ${from} to ${to}`);
  return found;
};

function scan(name: string, stream: Uint8Array) {
  const scanner = protocol(name).scanStream();
  scanner.push(stream);
  const { started, ended, failure } = scanner;
  return { started, ended, failure, reading: scanner.read(true) };
}

/** Chat shows usage only to those who ask for it. */
const showsUsage = (from: string, ask: Uint8Array, stream: boolean): boolean =>
  from !== 'openai-chat' || !stream || object(json(ask).stream_options).include_usage === true;

/** The caller's reader sees the same end and the same numbers as the target's own. */
function agree(caller: Reading, target: Reading, usage: boolean): void {
  expect(caller.outcome).toBe(target.outcome);
  expect(caller.failure).toEqual(target.failure);
  expect(caller.toolCalls).toBe(target.toolCalls);
  const expected: Usage = usage ? target.usage : NO_USAGE;
  expect(caller.usage).toEqual(expected);
}

for (const pair of PAIRS)
  for (const name of CASES) {
    const { from, to } = pair;
    const title = (text: string) => `${from} at ${to}, ${name}: ${text}`;
    const ask = askOf(from, name);
    const stream = streamOf(to, name);

    test(title('is as the golden file has it'), () => {
      expect(goldenOf(pair, name)).toBe(readFileSync(goldenPath(pair, name), 'utf8'));
    });

    test(title("the ask is one in the target's dialect, and its losses are declared"), () => {
      const asked = translator(from, to).ask(ask, OPTIONS);
      if (!asked.ok) {
        expect(asked.error.kind).toBe('dialect_mismatch');
        return;
      }
      const [before, after] = [protocol(from).readAsk(ask), protocol(to).readAsk(asked.value.body)];
      if (!before.ok || !after.ok) throw new Error('unreadable ask');
      const same = ({ stream, tools, images, structured, choices }: typeof before.value.facets) => ({
        stream,
        images,
        structured,
        choices,
        tools: asked.value.losses.includes('allowed-tools') ? 0 : tools,
      });
      expect(same(after.value.facets)).toEqual(same(before.value.facets));
      expect(after.value.facets.model).toBe('target-model');
      const declared = lossesOf(from, to).map(({ id }) => id);
      expect(asked.value.losses.filter((id) => !declared.includes(id))).toEqual([]);
    });

    test(title('the answer reads as it did, whole and as a stream'), () => {
      const body = answerOf(to, name);
      const answered = translator(from, to).answer(body, contextOf(ask));
      if (!answered.ok) throw new Error(answered.error.hint);
      agree(protocol(from).readAnswer(answered.value), protocol(to).readAnswer(body), true);

      const seen = scan(from, encode(relay(translator(from, to), ask, stream, [])));
      expect(seen).toMatchObject({ started: true, ended: true });
      agree(seen.reading, scan(to, stream).reading, showsUsage(from, ask, true));
    });

    test(title('chunks may be cut anywhere'), () => {
      const whole = relay(translator(from, to), ask, stream, []);
      const every = Array.from({ length: stream.length - 1 }, (_, i) => i + 1);
      expect(relay(translator(from, to), ask, stream, every)).toBe(whole);
      fc.assert(
        fc.property(
          fc.uniqueArray(fc.integer({ min: 1, max: stream.length - 1 }), { maxLength: 6 }),
          (cuts) => {
            expect(
              relay(
                translator(from, to),
                ask,
                stream,
                cuts.sort((a, b) => a - b),
              ),
            ).toBe(whole);
          },
        ),
        { seed: 11, numRuns: 20 },
      );
    });

    test(title('a cut stream never ends'), () => {
      const events = new TextDecoder().decode(stream).split('\n\n');
      // Without the event that says why it ended and all after it.
      const says = events.findIndex((event) =>
        /"finish_reason":"|"stop_reason":"|"type":"response\.(completed|incomplete)"/.test(event),
      );
      const cut = encode(`${events.slice(0, says).join('\n\n')}\n\n`);
      const out = relay(translator(from, to), ask, cut, []);
      const seen = scan(from, encode(out));
      expect(seen.ended).toBe(false);
      expect(seen.reading.outcome).toBe('cut');
    });
  }

for (const { from, to } of PAIRS)
  test(`${from} at ${to}: every single cut of a small stream`, () => {
    const [ask, stream] = [askOf(from, 'truncation'), streamOf(to, 'truncation')];
    const whole = relay(translator(from, to), ask, stream, []);
    for (let cut = 1; cut < stream.length; cut++)
      if (relay(translator(from, to), ask, stream, [cut]) !== whole) throw new Error(`differs at ${cut}`);
  });
