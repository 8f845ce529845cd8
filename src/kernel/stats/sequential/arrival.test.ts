import { expect, test } from 'bun:test';
import { seededRandom } from '../numeric/random.ts';
import { ARRIVAL_START, type Arriving, arrivalEnd, arrive } from './arrival.ts';

test('late, repeated and shuffled arrivals give the same stream', () => {
  const random = seededRandom('arrivals');
  const events: Arriving<number>[] = Array.from({ length: 200 }, (_, i) => ({
    id: `e${i}`,
    at: i * 10,
    value: i,
  }));
  const collect = (order: readonly Arriving<number>[]) => {
    let state: Parameters<typeof arrive<number>>[0] = ARRIVAL_START;
    const out: string[] = [];
    for (const event of order) {
      const next = arrive(state, event, 200);
      state = next.state;
      out.push(...next.due.map((e) => e.id));
    }
    const end = arrivalEnd(state);
    return { ids: [...out, ...end.due.map((e) => e.id)], state };
  };
  const tidy = collect(events).ids;
  const jumbled = events
    .flatMap((e) => (random() < 0.3 ? [e, e] : [e]))
    .map((e) => ({ e, key: e.at + random() * 150 }))
    .sort((a, b) => a.key - b.key)
    .map(({ e }) => e);
  const messy = collect(jumbled);
  expect(messy.ids).toEqual(tidy);
  expect(messy.state.repeated + messy.state.late).toBe(jumbled.length - events.length);
});
