import { expect, test } from 'bun:test';
import type { Protocol, Reading, Translator } from '#contracts';
import { isGood } from '#contracts';
import { protocolByName } from '../index.ts';
import { decode, encode } from '../shared/json.ts';
import { translators, withoutForeignThoughts } from './index.ts';
import type { DialectName } from './neutral.ts';
import { answerOf, askOf, CASES, contextOf, OPTIONS, relay, streamOf } from './shared.case.test.ts';

const ROUNDS = 7_000;

/** Marsaglia's xorshift: the same in every run, and far faster than shrinking what never fails. */
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
  '{"toString":1}',
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

interface Round {
  readonly translator: Translator;
  readonly name: string;
  readonly pick: (n: number) => number;
}

function protocol(name: string): Protocol {
  const found = protocolByName(name);
  if (!found) throw new Error(`no protocol ${name}`);
  return found;
}

/** A better end than the target's own reading saw would be a lie. */
function honest({ translator }: Round, shown: Reading, real: Reading, body: Uint8Array): void {
  // Where events were left out, whoever relays breaks the stream off by the target's own count of its tokens.
  if (isGood(shown.outcome) && !isGood(real.outcome) && !real.malformed)
    throw new Error(
      `${translator.from} at ${translator.to}: ${real.outcome} was told as ${shown.outcome}: ${decode(body)}`,
    );
}

/** Each says whether the damaged thing was still whole enough to be written anew. */
const KINDS = {
  ask({ translator, name, pick }: Round): boolean {
    const ask = mutated(askOf(translator.from as DialectName, name), pick);
    withoutForeignThoughts(translator.from, ask);
    const asked = translator.ask(ask, OPTIONS);
    if (!asked.ok) return false;
    const readable = protocol(translator.to).readAsk(asked.value.body);
    if (!readable.ok) throw new Error(`unreadable ask: ${readable.error.hint}`);
    return true;
  },
  answer(round: Round): boolean {
    const { translator, name, pick } = round;
    const body = mutated(answerOf(translator.to as DialectName, name), pick);
    const ask = askOf(translator.from as DialectName, name);
    const answered = translator.answer(body, contextOf(pick(2) === 0 ? ask : mutated(ask, pick)));
    if (!answered.ok) return false;
    const shown = protocol(translator.from).readAnswer(answered.value);
    if (shown.failure?.kind === 'malformed') throw new Error('unreadable answer');
    honest(round, shown, protocol(translator.to).readAnswer(body), body);
    return true;
  },
  stream(round: Round): boolean {
    const { translator, name, pick } = round;
    const body = mutated(streamOf(translator.to as DialectName, name), pick);
    const cuts = [pick(body.length + 1), pick(body.length + 1)].sort((a, b) => a - b);
    const out = relay(translator, askOf(translator.from as DialectName, name), body, cuts);
    const [caller, target] = [protocol(translator.from).scanStream(), protocol(translator.to).scanStream()];
    caller.push(encode(out));
    target.push(body);
    if (caller.failure) throw new Error(`unreadable stream: ${caller.failure.hint}`);
    // A broken event is the scanner's to judge; the translation goes on without it.
    if (!target.failure) honest(round, caller.read(true), target.read(true), body);
    return caller.ended;
  },
};

for (const [kind, run] of Object.entries(KINDS))
  test(`${ROUNDS} times a damaged ${kind}: nothing throws, all can be read, no end is better than it was`, () => {
    const pick = chance(20_261_121);
    let whole = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const translator = translators[pick(translators.length)];
      const name = CASES[pick(CASES.length)];
      if (!translator || !name) throw new Error('no such case');
      if (run({ translator, name, pick })) whole++;
    }
    // The damage leaves enough whole for the writers to be tried too.
    expect(whole).toBeGreaterThan(ROUNDS / 20);
  }, 60_000);
