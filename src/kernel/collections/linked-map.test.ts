import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { LinkedMap } from './linked-map.ts';

test('whatever is set and deleted, it holds what a Map holds whose entries are deleted before they are set', () => {
  const deed = fc.record({ key: fc.integer({ min: 0, max: 8 }), deletes: fc.boolean() });
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 60 }), (deeds) => {
      const linked = new LinkedMap<number, number>();
      const plain = new Map<number, number>();
      deeds.forEach(({ key, deletes }, i) => {
        const known = plain.get(key);
        plain.delete(key);
        if (deletes) expect(linked.delete(key)).toBe(known as number);
        else {
          plain.set(key, i);
          linked.set(key, i);
        }
        expect(linked.get(key)).toBe(plain.get(key) as number);
        expect(linked.size).toBe(plain.size);
        expect(linked.oldest?.key).toBe([...plain.keys()][0] as number);
        expect([...linked]).toEqual([...plain]);
      });
      for (const [key] of linked) linked.delete(key);
      expect([linked.size, linked.oldest, [...linked]]).toEqual([0, undefined, []]);
    }),
    { seed: 5, numRuns: 300 },
  );
});
