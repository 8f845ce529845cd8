import { expect, test } from 'bun:test';
import { isGood } from '#contracts';
import { protocolByName } from '../index.ts';
import { decode, encode } from '../shared/json.ts';
import { findTranslator, withoutForeignThoughts } from './index.ts';
import { answerOf, askOf, CASES, contextOf, OPTIONS, PAIRS, relay, streamOf } from './shared.case.test.ts';

const ROUNDS = 20_000;

/** Marsaglia's xorshift: the same 20,000 in every run, and far faster than shrinking what never fails. */
function chance(seed: number): (n: number) => number {
  let x = seed;
  return (n) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % n;
  };
}

/** What servers and attackers put in place of a value. */
const ODD = [
  'null',
  '0',
  '-1',
  '1e999',
  '""',
  '"x"',
  'true',
  '[]',
  '{}',
  '[null]',
  '[[]]',
  '{"type":"text"}',
  '{"__proto__":{"a":1}}',
  '"\\ud800"',
];

/** Bytes changed, cut out, doubled, or a JSON value replaced by an odd one. */
function mutated(source: Uint8Array, pick: (n: number) => number): Uint8Array {
  let body: Buffer = Buffer.from(source);
  for (let n = 1 + pick(4); n > 0; n--) {
    const at = pick(body.length + 1);
    const to = Math.min(body.length, at + pick(40));
    switch (pick(5)) {
      case 0:
        if (at < body.length) body[at] = pick(256);
        break;
      case 1:
        body = Buffer.concat([body.subarray(0, at), body.subarray(to)]);
        break;
      case 2:
        body = Buffer.concat([body.subarray(0, to), body.subarray(at)]);
        break;
      default:
        body = replacedValue(body, at, ODD[pick(ODD.length)] ?? 'null');
    }
  }
  return new Uint8Array(body);
}

/** The first JSON value after `at` that stands behind a colon or a bracket, replaced; half of all bodies stay JSON. */
function replacedValue(body: Buffer, at: number, value: string): Buffer {
  const text = body.toString('latin1');
  const found = /[:[,]\s*("(?:[^"\\]|\\.)*"|-?\d[\d.e+]*|true|false|null|\{\}|\[\])/g;
  found.lastIndex = at;
  const match = found.exec(text);
  const literal = match?.[1];
  if (!match || literal === undefined) return body;
  const start = match.index + match[0].length - literal.length;
  return Buffer.concat([body.subarray(0, start), Buffer.from(value), body.subarray(start + literal.length)]);
}

test(`${ROUNDS} mutated asks, answers and streams: nothing throws, all can be read, no end is better than it was`, () => {
  const pick = chance(20_261_121);
  const counts = { asks: 0, answers: 0, ended: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const pair = PAIRS[pick(PAIRS.length)];
    const name = CASES[pick(CASES.length)];
    const translator = pair && findTranslator(pair.from, pair.to);
    if (!pair || !name || !translator) throw new Error('no such case');
    const { from, to } = pair;
    const ask = askOf(from, name);

    const badAsk = mutated(ask, pick);
    const asked = translator.ask(badAsk, OPTIONS);
    if (asked.ok) {
      counts.asks++;
      const readable = protocolByName(to)?.readAsk(asked.value.body);
      if (!readable?.ok) throw new Error(`unreadable ask: ${JSON.stringify(readable)}`);
    }
    withoutForeignThoughts(from, badAsk);

    const badAnswer = mutated(answerOf(to, name), pick);
    const answered = translator.answer(badAnswer, contextOf(round % 2 ? ask : badAsk));
    if (answered.ok) {
      counts.answers++;
      const shown = protocolByName(from)?.readAnswer(answered.value);
      const real = protocolByName(to)?.readAnswer(badAnswer);
      if (!shown || !real || shown.failure?.kind === 'malformed') throw new Error('unreadable answer');
      if (isGood(shown.outcome) && !isGood(real.outcome))
        throw new Error(
          `${from} at ${to}: ${real.outcome} was told as ${shown.outcome}: ${decode(badAnswer)}`,
        );
    }

    const stream = mutated(streamOf(to, name), pick);
    const cuts = [pick(stream.length + 1), pick(stream.length + 1)].sort((a, b) => a - b);
    const out = relay(translator, ask, stream, cuts);
    const [caller, target] = [protocolByName(from)?.scanStream(), protocolByName(to)?.scanStream()];
    caller?.push(encode(out));
    target?.push(stream);
    if (!caller || !target) throw new Error('no scanner');
    if (caller.failure) throw new Error(`unreadable stream: ${caller.failure.hint}`);
    if (caller.ended) counts.ended++;
    const [shown, real] = [caller.read(true), target.read(true)];
    // A broken event is the scanner's to judge; the translation goes on without it.
    if (!target.failure && isGood(shown.outcome) && !isGood(real.outcome))
      throw new Error(`${from} at ${to}: ${real.outcome} was told as ${shown.outcome}: ${decode(stream)}`);
  }
  // The mutations leave enough whole for the writers to be tried too.
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(ROUNDS / 20);
}, 60_000);
