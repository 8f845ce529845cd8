import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { StampReader } from '../load/events.ts';
import { AnswerReader } from './answer-reader.ts';
import { readDigits, writeDigits } from './digits.ts';

const event = (content: string) => `data: {"choices":[{"delta":{"content":"${content}"}}]}\n\n`;
const framed = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const STREAM = [
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
  framed(event('')),
  framed(event('0007')),
  framed(`${event('0011')}${event('0013')}data: {"choices":[{"del`),
  framed(`ta":{"content":"0017"}}]}\n\ndata: [DONE]\n\n`),
  '0\r\n\r\n',
].join('');
const WHOLE = 'HTTP/1.1 429 Too Many\r\nContent-Length: 5\r\n\r\nhello';
const BYTES = Buffer.from(STREAM + WHOLE + STREAM);

function read(cuts: readonly number[]) {
  const heard: string[] = [];
  let stamps: number[] = [];
  let reader = new StampReader(4, (stamp) => stamps.push(stamp));
  const answers = new AnswerReader({
    head: (status) => heard.push(String(status)),
    body: (bytes, from, to) => reader.feed(bytes, from, to),
    end() {
      heard.push(`${stamps.join(' ')} ${reader.done}`);
      stamps = [];
      reader = new StampReader(4, (stamp) => stamps.push(stamp));
    },
  });
  const edges = [0, ...cuts.toSorted((a, b) => a - b), BYTES.length];
  // A buffer that is used again, as a socket's is.
  for (let i = 1; i < edges.length; i++) answers.feed(Buffer.from(BYTES.subarray(edges[i - 1], edges[i])));
  return heard;
}

test('answers and their stamps are the same, wherever the bytes are cut', () => {
  const expected = ['200', '7 11 13 17 true', '429', ' false', '200', '7 11 13 17 true'];
  expect(read([])).toEqual(expected);
  for (let i = 0; i <= BYTES.length; i++) expect(read([i])).toEqual(expected);
  fc.assert(
    fc.property(fc.array(fc.nat(BYTES.length), { maxLength: 20 }), (cuts) => {
      expect(read(cuts)).toEqual(expected);
    }),
  );
});

test('what is no HTTP is refused', () => {
  const silent = { head: () => undefined, body: () => undefined, end: () => undefined };
  expect(() => new AnswerReader(silent).feed(Buffer.from('SSH-2.0\r\n\r\n'))).toThrow('no HTTP');
  expect(() => new AnswerReader(silent).feed(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))).toThrow('length');
});

test('digits come back as they were written', () => {
  fc.assert(
    fc.property(fc.nat(999_999), (value) => {
      const bytes = new Uint8Array(10);
      writeDigits(bytes, 2, 6, value);
      expect(readDigits(bytes, 2, 6)).toBe(value);
      expect([bytes[0], bytes[1], bytes[8], bytes[9]]).toEqual([0, 0, 0, 0]);
    }),
  );
});
