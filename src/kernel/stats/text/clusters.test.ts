import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { drawIndex, seededRandom } from '../numeric/random.ts';
import { assignCluster, CLUSTER_START, mergeClusters } from './clusters.ts';
import { tfidf } from './tfidf.ts';

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
