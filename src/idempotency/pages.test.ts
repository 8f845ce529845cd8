import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { MonotonicMs } from '#contracts';
import { Pages } from './pages.ts';

const leaf = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'ü'),
  head: fc.string({ unit: 'binary', maxLength: 40 }),
  // Some larger than a page.
  body: fc.nat({ max: 400_000 }),
});
const act = fc.oneof({ weight: 3, arbitrary: leaf }, { weight: 2, arbitrary: fc.constant('drop' as const) });

describe('pages', () => {
  test('hold what a list in order of keeping would hold', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const pages = new Pages();
        const list: { name: string; head: string; fill: number; until: number }[] = [];
        acts.forEach((one, i) => {
          if (one === 'drop') {
            const oldest = list.shift();
            const replaced = oldest && list.some(({ name }) => name === oldest.name);
            expect(pages.dropOldest()).toBe(replaced ? undefined : oldest?.name);
          } else {
            const body = new Uint8Array(one.body).fill(i);
            pages.put({ ...one, body, until: i as MonotonicMs });
            list.push({ name: one.name, head: one.head, fill: body.length, until: i });
          }
          expect(pages.oldest).toBe(list[0]?.until as MonotonicMs);
          expect(pages.size).toBe(new Set(list.map(({ name }) => name)).size);
          for (const name of ['a', 'b', 'c', 'd', 'e', 'ü']) {
            const kept = list.findLast((entry) => entry.name === name);
            const found = pages.get(name);
            expect(found && { ...found, head: Buffer.from(found.head) }).toEqual(
              kept && {
                head: Buffer.from(kept.head),
                body: new Uint8Array(kept.fill).fill(kept.until),
                until: kept.until as MonotonicMs,
              },
            );
          }
        });
        while (pages.oldest !== undefined) pages.dropOldest();
        expect(pages.bytes).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test('what was given out stays as it was when its page is written anew', () => {
    const pages = new Pages();
    const put = (name: string, fill: number) =>
      pages.put({ name, head: '{}', body: new Uint8Array(200_000).fill(fill), until: 0 as MonotonicMs });
    put('first', 1);
    const given = pages.get('first')?.body;
    pages.dropOldest();
    put('second', 2);
    expect(given).toEqual(new Uint8Array(200_000).fill(1));
  });
});
