import { expect, test } from 'bun:test';
import { drawIndex, seededRandom } from '../numeric/random.ts';
import { jaccard, minhash, minhashSimilarity } from './minhash.ts';

test('MinHash estimates Jaccard within its error', () => {
  const random = seededRandom('minhash');
  const vocabulary = Array.from({ length: 400 }, (_, i) => `w${i}`);
  const text = (n: number) => Array.from({ length: n }, () => vocabulary[drawIndex(random, 400)]!);
  let worst = 0;
  let bias = 0;
  for (let i = 0; i < 60; i++) {
    const a = text(200);
    const keep = random();
    const b = a.map((w) => (random() < keep * 0.3 ? vocabulary[drawIndex(random, 400)]! : w));
    const [x, y] = [a.join(' '), b.join(' ')];
    const error = minhashSimilarity(minhash(x), minhash(y)) - jaccard(x, y);
    worst = Math.max(worst, Math.abs(error));
    bias += error / 60;
  }
  expect(worst).toBeLessThan(0.16);
  expect(Math.abs(bias)).toBeLessThan(0.02);
});

test('20 % edits leave the Jaccard of the formula, .34', () => {
  const random = seededRandom('edits');
  const a = Array.from({ length: 5000 }, (_, i) => `w${i}`);
  const b = a.map((w, i) => (random() < 0.2 ? `x${i}` : w));
  const s = 0.8 ** 3;
  expect(Math.abs(jaccard(a.join(' '), b.join(' ')) - s / (2 - s))).toBeLessThan(0.02);
  expect(jaccard('', '')).toBe(1);
  expect(jaccard('a b c', '')).toBe(0);
});
