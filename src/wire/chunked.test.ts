import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { ChunkedDecoder, type DecodeState } from './chunked.ts';

/** Everything that comes out when the wire is cut into `pieces`; `rest` is what stands behind the body. */
function decode(pieces: readonly Buffer[]) {
  const decoder = new ChunkedDecoder();
  let content = '';
  let rest = '';
  for (const piece of pieces) {
    if (decoder.state !== 'more') {
      rest += piece.toString('latin1');
      continue;
    }
    decoder.decode(piece);
    content += piece.toString('latin1', decoder.begin, decoder.end);
    if (stateOf(decoder) === 'done') rest += piece.toString('latin1', decoder.next);
  }
  return { content, rest, state: decoder.state };
}

/** Asked anew: the compiler does not see that decoding changes it. */
const stateOf = (decoder: ChunkedDecoder): DecodeState => decoder.state;

function cut(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const at = [...new Set(cuts.map((n) => n % (bytes.length + 1)))].sort((a, b) => a - b);
  // Copies: the decoder moves content within the buffer it is given.
  return [0, ...at].map((from, i) => Buffer.from(bytes.subarray(from, at[i] ?? bytes.length)));
}

test('however chunks are cut, extended and trailed, the content comes out, and what follows is left alone', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 }),
          fc.constantFrom('', ';a=1', ';x', ';q="v"'),
        ),
      ),
      fc.constantFrom('', 'x-sum: 1\r\n', 'a: b\r\nc: d\r\n'),
      fc.constantFrom('', 'POST / HTTP/1.1\r\n'),
      fc.array(fc.nat(2000), { maxLength: 30 }),
      fc.boolean(),
      (chunks, trailers, behind, cuts, upper) => {
        const size = (n: number) => (upper ? n.toString(16).toUpperCase() : `0${n.toString(16)}`);
        const wire = `${chunks.map(([text, extension]) => `${size(text.length)}${extension}\r\n${text}\r\n`).join('')}0\r\n${trailers}\r\n${behind}`;
        const { content, rest, state } = decode(cut(Buffer.from(wire, 'latin1'), cuts));
        expect(state).toBe('done');
        expect(content).toBe(chunks.map(([text]) => text).join(''));
        expect(rest).toBe(behind);
      },
    ),
  );
});

test('byte by byte gives what one read gives', () => {
  const wire = Buffer.from('5;a\r\nhello\r\n001\r\n!\r\n0\r\nt: 1\r\n\r\nGET');
  const whole = decode([Buffer.from(wire)]);
  expect(whole).toEqual({ content: 'hello!', rest: 'GET', state: 'done' });
  expect(decode([...wire].map((byte) => Buffer.of(byte)))).toEqual(whole);
});

test.each([
  ['no size', '\r\nx'],
  ['no digits before an extension', ';a\r\n'],
  ['a sign', '+5\r\nhello\r\n'],
  ['a prefix', '0x5\r\nhello\r\n'],
  ['a space behind the size', '5 \r\nhello\r\n'],
  ['a space before the size', ' 5\r\nhello\r\n'],
  ['a bare LF behind the size', '5\nhello\r\n'],
  ['a bare CR behind the size', '5\rhello\r\n'],
  ['a bare LF in an extension', '5;a\nhello\r\n0\r\n\r\n'],
  ['content longer than its size', '5\r\nhello!\r\n'],
  ['no line break behind the content', '5\r\nhello0\r\n\r\n'],
  ['a bare LF behind the content', '5\r\nhello\n0\r\n\r\n'],
  ['a bare LF in a trailer', '0\r\na: b\n\r\n'],
  ['a bare LF as the last line', '0\r\n\n'],
  ['a size beyond all numbers', 'ffffffffffffffff\r\n'],
  ['endless zeros', `${'0'.repeat(100)}\r\n`],
  ['an endless extension', `5;${'a'.repeat(20_000)}\r\n`],
  ['endless trailers', `0\r\n${'a: b\r\n'.repeat(5_000)}`],
])('%s is refused', (_, wire) => {
  expect(decode([Buffer.from(wire)]).state).toBe('bad');
});

test('content before a fault is still given out', () => {
  expect(decode([Buffer.from('5\r\nhello\r\nzz')])).toMatchObject({ content: 'hello', state: 'bad' });
});
