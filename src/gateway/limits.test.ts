import { expect, test } from 'bun:test';
import { seeded } from '#kernel';
import { Limits } from './limits.ts';
import type { Walk } from './walk.ts';

const walk = (feature = '', facets: object = {}) =>
  ({
    route: { name: 'chat' },
    who: { feature },
    facets: { tools: 0, structured: false, choices: 1, ...facets },
  }) as unknown as Walk;
const GOOD = { outcome: 'complete' } as const;

/** One use of one model: what it is given, and what comes of it. */
function use(limits: Limits, one = walk()) {
  const of = () => limits.of(one, 'up', 'm');
  return {
    of,
    end: (
      tokens: number,
      end: Parameters<Limits['ended']>[2] = GOOD,
      limit: ReturnType<typeof of> = undefined,
    ) => limits.ended(one, { provider: 'up', model: 'm', limit }, end, tokens),
    /** An answer that wants so many tokens; true when it was cut. */
    ask(wants: number): boolean {
      const limit = of();
      const cut = limit !== undefined && wants > limit.tokens;
      const tokens = cut ? limit.tokens : wants;
      limits.ended(
        one,
        { provider: 'up', model: 'm', limit },
        { outcome: cut ? 'length' : 'complete' },
        tokens,
      );
      return cut;
    },
  };
}

test('nothing is set before enough is known, and then what 99.5 % of the answers do not reach', () => {
  const it = use(new Limits());
  for (let i = 0; i < 750; i++) it.end(100 + (i % 100));
  expect(it.of()).toBeUndefined();
  for (let i = 750; i < 2_000; i++) it.end(100 + (i % 100));
  // Of 2,000 answers of 100 to 199 tokens the twenty longest have 199 of them; and a quarter more.
  expect(it.of()).toEqual({ tokens: 249, of: 2_000 });
  expect(use(new Limits()).of()).toBeUndefined();
});

test('over any length of time no more are cut than half a percent, and a tail that is no use is', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const random = seeded(seed);
    const it = use(new Limits());
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    let cut = 0;
    const n = 40_000;
    for (let i = 0; i < n; i++) if (it.ask(Math.ceil(300 * Math.exp(0.8 * normal())))) cut++;
    expect(cut / n).toBeLessThan(0.005);
    expect(cut).toBeGreaterThan(0);
  }
});

test('answers that all become longer: four are cut, then none is set until the longer ones are known', () => {
  const it = use(new Limits());
  for (let i = 0; i < 4_000; i++) it.ask(100 + (i % 50));
  let cut = 0;
  for (let i = 0; i < 500; i++) if (it.ask(1_000 + (i % 50))) cut++;
  expect([cut, it.of()]).toEqual([4, undefined]);
  for (let i = 0; i < 4_000; i++) if (it.ask(1_000 + (i % 50))) cut++;
  expect(cut).toBe(4);
  expect(it.of()?.tokens).toBeGreaterThanOrEqual(1_049);
});

test('where little more is known than must be, the first that is cut sets it aside', () => {
  const it = use(new Limits());
  for (let i = 0; i < 850; i++) it.ask(100);
  expect(it.ask(500)).toBe(true);
  expect([it.ask(500), it.of()]).toEqual([false, undefined]);
});

test('what was no use, had a limit of its own, or is another use teaches nothing', () => {
  const limits = new Limits();
  const [it, own, two, report] = [
    use(limits),
    use(limits, walk('', { maxOutput: 20 })),
    use(limits, walk('', { choices: 2 })),
    use(limits, walk('report')),
  ];
  const failed = { outcome: 'error', failure: { kind: 'cut', hint: 'x' } } as never;
  for (let i = 0; i < 2_000; i++) {
    it.end(9, { outcome: 'refusal' });
    it.end(9, { outcome: 'length' });
    it.end(9, failed);
    own.end(9);
    two.end(9);
    report.end(900);
  }
  expect(it.of()).toBeUndefined();
  expect(report.of()?.tokens).toBe(1_125);
});

test('a provider that refuses such a limit is never sent one again; any other refusal changes nothing', () => {
  const it = use(new Limits());
  for (let i = 0; i < 1_000; i++) it.end(100);
  const limit = it.of();
  const refused = (hint: string) =>
    ({ outcome: 'error', failure: { kind: 'provider_rejected', hint } }) as never;
  it.end(0, refused('temperature: too large'), limit);
  // Not of ours: the caller's own was refused.
  it.end(0, refused("Unsupported parameter: 'max_tokens'"), undefined);
  expect(it.of()).toEqual(limit as never);
  it.end(0, refused("Unsupported parameter: 'max_tokens'"), limit);
  for (let i = 0; i < 1_000; i++) it.end(100);
  expect(it.of()).toBeUndefined();
});
