import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { drawIndex, seededRandom } from '../numeric/random.ts';
import { assignCluster, CLUSTER_START, mergeClusters } from './clusters.ts';
import { jaccard, minhash, minhashSimilarity } from './minhash.ts';
import { languageByScript } from './script.ts';
import { addDocuments, cosine, dense, emptyFrequencies, tfidf } from './tfidf.ts';
import { shingles, words } from './tokens.ts';

test('words: case, composition and scripts without spaces', () => {
  expect(words('Hello, WORLD-42!')).toEqual(['hello', 'world', '42']);
  expect(words('e\u0301te')).toEqual(words('éte'));
  expect(words('东京 tower')).toEqual(['东', '京', 'tower']);
  expect(shingles('a b c d', 3)).toEqual(['a b c', 'b c d']);
  expect(shingles('a', 3)).toEqual(['a']);
});

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

test('language by script', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['The quick brown fox', 'und-Latn'],
    ['今日は良い天気ですね', 'ja'],
    ['今天天气很好', 'zh'],
    ['오늘 날씨가 좋네요', 'ko'],
    ['Сегодня хорошая погода', 'und-Cyrl'],
    ['Καλημέρα κόσμε', 'el'],
    ['שלום עולם', 'he'],
    ['123 !?', 'und'],
    ['', 'und'],
  ];
  for (const [text, language] of cases) expect(languageByScript(text).language).toBe(language);
  const mixed = languageByScript('hello мир');
  expect(mixed.shares.map((s) => s.script)).toEqual(['Latin', 'Cyrillic']);
});

test('clusters: families stay apart, ids stay, replay is equal, merges keep the older id', () => {
  const random = seededRandom('clusters');
  const families = [
    ['refund my invoice', 'invoice refund please', 'please refund this invoice now'],
    ['reset my password', 'password reset link', 'i need to reset the password'],
    ['track my parcel', 'where is my parcel', 'parcel tracking number'],
  ];
  const stream = Array.from({ length: 60 }, () => {
    const family = drawIndex(random, 3);
    return { family, text: families[family]![drawIndex(random, 3)]! };
  });
  const play = (cut: number) => {
    let state = CLUSTER_START as Parameters<typeof assignCluster>[0];
    return stream.map(({ text }, i) => {
      if (i === cut) state = JSON.parse(JSON.stringify(state));
      const result = assignCluster(state, tfidf(text), { threshold: 0.3 });
      state = result.state;
      return result.id;
    });
  };
  const ids = play(-1);
  expect(play(30)).toEqual(ids);
  const owner = new Map<number, number>();
  stream.forEach(({ family }, i) => {
    expect(owner.get(ids[i]!) ?? family).toBe(family);
    owner.set(ids[i]!, family);
  });
  const one = assignCluster(CLUSTER_START, tfidf('alpha beta gamma')).state;
  const two = assignCluster(one, tfidf('alpha beta gamma delta'), { threshold: 0.99 }).state;
  const { state, merged } = mergeClusters(two, { threshold: 0.6 });
  expect(merged).toEqual([{ from: 2, into: 1 }]);
  expect(state.clusters[0]!.n).toBe(2);
  expect(assignCluster(state, tfidf('omega')).id).toBe(3);
});

test('a full map lets the smallest cluster go, never its id again', () => {
  let state = CLUSTER_START as Parameters<typeof assignCluster>[0];
  fc.assert(
    fc.property(fc.string({ minLength: 4, maxLength: 12 }), (text) => {
      const before = state.nextId;
      const result = assignCluster(state, tfidf(text), { capacity: 5 });
      state = result.state;
      expect(state.clusters.length).toBeLessThanOrEqual(5);
      expect(result.founded ? result.id : before).toBe(before);
      expect(new Set(state.clusters.map((c) => c.id)).size).toBe(state.clusters.length);
    }),
    { seed: 34 },
  );
});
