import { expect, test } from 'bun:test';
import { addDocuments, cosine, dense, emptyFrequencies, tfidf } from './tfidf.ts';

test('TF-IDF vectors have length one; near texts are nearer than far ones; rare words count more', () => {
  const a = tfidf('refund my last invoice please');
  expect(cosine(a, a)).toBeCloseTo(1, 12);
  expect(cosine(a, tfidf('please refund the invoice'))).toBeGreaterThan(0.5);
  expect(cosine(a, tfidf('how tall is the eiffel tower'))).toBeLessThan(0.2);
  expect(tfidf('').indices).toEqual([]);
  expect(cosine(a, tfidf(''))).toBe(0);
  const corpus = addDocuments(
    emptyFrequencies(),
    Array.from({ length: 50 }, (_, i) => `the invoice number ${i}`),
  );
  const common = cosine(tfidf('the invoice zebra', corpus), tfidf('the invoice apple', corpus));
  expect(common).toBeLessThan(cosine(tfidf('the invoice zebra'), tfidf('the invoice apple')));
  expect(dense(a).reduce((sum, v) => sum + v * v, 0)).toBeCloseTo(1, 12);
});

test('document frequencies do not mind the order', () => {
  const texts = ['one two', 'two three', 'three four five'];
  expect(addDocuments(emptyFrequencies(), texts)).toEqual(
    addDocuments(addDocuments(emptyFrequencies(), [texts[2]!]), [texts[1]!, texts[0]!]),
  );
});
