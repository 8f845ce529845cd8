import { expect, test } from 'bun:test';
import { TextRun } from './text-run.ts';

test('a text of megabytes comes out as it went in, whatever its pieces, and again', () => {
  const run = new TextRun();
  for (const times of [1, 3, 40_000]) {
    let whole = '';
    for (let n = 0; n < times; n++) {
      const piece = Buffer.from(`é☃${'x'.repeat(n % 97)}𝄞`);
      run.add(Buffer.concat([Buffer.from('<'), piece, Buffer.from('>')]), 1, 1 + piece.length);
      whole += piece.toString();
    }
    expect(run.length).toBe(Buffer.byteLength(whole));
    expect(run.take() === whole).toBe(true);
    expect([run.length, run.take()]).toEqual([0, undefined]);
  }
  const large = Buffer.from('ü'.repeat(400_000));
  run.add(large, 0, large.length);
  run.add(large, 0, 2);
  expect(run.take()).toBe('ü'.repeat(400_001));
});
