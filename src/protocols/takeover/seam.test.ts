import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Seam } from '#contracts';
import { handed, joint, WINDOW } from './seam.ts';

/** The text and what is said of the rest, the rest cut at these places. */
function joined(text: string, rest: string, by: Seam, cuts: readonly number[] = []): string | undefined {
  const seam = joint(text, by);
  const places = [0, ...cuts.map((c) => c % (rest.length + 1)).sort((a, b) => a - b), rest.length];
  let out = text;
  for (let i = 1; i < places.length; i++) out += seam.push(rest.slice(places[i - 1], places[i]));
  out += seam.end();
  return seam.broken ? undefined : out;
}

const words = fc
  .array(fc.constantFrom('the', 'fox', 'jumps', 'a', 'I', 'Köln', '🦊', '狐狸', '—', 'über', '1', 'lazy.'), {
    minLength: 1,
    maxLength: 30,
  })
  .map((list) => list.join(' '));
const anything = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
const cuts = fc.array(fc.nat(400), { maxLength: 12 });
const RUNS = { seed: 11, numRuns: 1_000 };

describe('after an instruction', () => {
  test.each([
    ['Hel', 'lo there', 'Hello there'],
    ['Hello', 'Hello there', 'Hello there'],
    ['The quick brown', 'brown fox', 'The quick brown fox'],
    ['The quick bro', 'quick brown fox', 'The quick brown fox'],
    ['The q', 'quick', 'The quick'],
    ['in Köln —', '— jumps', 'in Köln — jumps'],
    ['the lazy dog', ' dog. Then', 'the lazy dog. Then'],
    ['the ', ' end', 'the end'],
    ['one.\n', '\ntwo', 'one.\n\ntwo'],
    ['We went to the hal', 'l of fame', 'We went to the hall of fame'],
    ['我喜欢吃苹果和香蕉还有葡萄', '苹果和香蕉还有葡萄,也喜欢梨', '我喜欢吃苹果和香蕉还有葡萄,也喜欢梨'],
    ['你好', '好的', '你好好的'],
    ['a fox 🦊', '🦊 runs', 'a fox 🦊 runs'],
    ['all of it', 'all of it', 'all of it'],
    ['all of it', '', 'all of it'],
  ])('%p and %p', (text, rest, whole) => {
    expect(joined(text, rest, 'instruction')).toBe(whole);
    expect(joined(text, rest, 'instruction', [1, 2, 3, 5, 8])).toBe(whole);
  });

  test('whatever was repeated, from the beginning of a word, is left out, and the pieces do not matter', () => {
    fc.assert(
      fc.property(words, words, fc.nat(30), cuts, (text, more, back, at) => {
        const starts = [0, ...[...text.matchAll(/ (?=\S)/gu)].map(({ index }) => index + 1)];
        const from = starts[back % starts.length] as number;
        const repeated = text.slice(from);
        // The new part begins with a word that the text does not have, so nothing else can look repeated.
        const rest = `${repeated} zebra ${more}`;
        const whole = `${text} zebra ${more}`;
        const got = joined(text, rest, 'instruction', at);
        expect(got).toBe(joined(text, rest, 'instruction'));
        // A text that repeats itself can hide more of the rest than was meant, never less.
        if (text.lastIndexOf(repeated, text.length - repeated.length - 1) < 0) expect(got).toBe(whole);
        else expect(whole.startsWith(got?.slice(0, text.length) as string)).toBe(true);
      }),
      RUNS,
    );
  });

  test('nothing is ever left out but what the text ends with, or all of it', () => {
    fc.assert(
      fc.property(anything, anything, cuts, (text, rest, at) => {
        const got = joined(text, rest, 'instruction', at) as string;
        expect(got.startsWith(text)).toBe(true);
        const said = got.slice(text.length);
        expect(rest.endsWith(said)).toBe(true);
        expect(text.endsWith(rest.slice(0, rest.length - said.length))).toBe(true);
        expect(got.isWellFormed()).toBe(true);
      }),
      RUNS,
    );
  });

  test('a repetition of the whole of a long text is one, and no more is held than has to be', () => {
    const text = Array.from({ length: 3 * WINDOW }, (_, i) => (i * 7919) % 10).join('');
    expect(joined(text, `${text} and so on`, 'instruction', [10, 5_000])).toBe(`${text} and so on`);
    const seam = joint(text, 'instruction');
    expect(seam.push('Something ')).toBe('Something ');
    expect(seam.push('else')).toBe('else');
  });
});

test('after a prefill: what came of the white space that was not handed over is not said twice, and nothing else is touched', () => {
  fc.assert(
    fc.property(
      words,
      fc.constantFrom('', ' ', '\n', '\n\n', ' \n '),
      words,
      cuts,
      (text, space, more, at) => {
        const said = text + space;
        expect(joined(said, space + more, 'turn', at)).toBe(said + more);
        expect(joined(said, more, 'turn', at)).toBe(said + more);
        expect(joined(said, space + more, 'continue', at)).toBe(said + more);
        expect(joined(said, handed(said) + space + more, 'prefix', at)).toBe(said + more);
      },
    ),
    RUNS,
  );
  expect(joined('ha ha', ' ha ha', 'turn')).toBe('ha ha ha ha');
});

test('after a restart: the same letters or nothing', () => {
  fc.assert(
    fc.property(anything, anything, cuts, (text, more, at) => {
      expect(joined(text, text + more, 'restart', at)).toBe(text + more);
      const other = `x${text}${more}`;
      if (!other.startsWith(text)) expect(joined(text, other, 'restart', at)).toBeUndefined();
    }),
    RUNS,
  );
  expect(joined('Hello', 'Hel', 'restart')).toBeUndefined();
});
