import { expect, test } from 'bun:test';
import type { AskFacets } from '#contracts';
import { virtualClock } from '#kernel';
import { Climate } from './climate.ts';
import type { Step } from './plan.ts';
import type { Try } from './walk.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ZONE = 'America/New_York';
/** Four characters a token, as the product estimates. */
const estimate = ({ bytes }: Pick<AskFacets, 'bytes'>) => ({ input: Math.ceil(bytes / 4) }) as never;
const SHORT = { stream: true, bytes: 400 } as AskFacets;
const LONG = { stream: true, bytes: 80_000 } as AskFacets;
const step = (zone = ZONE) => ({ target: { provider: 'openai', zone } }) as Step;
const tried = (one: Step, firstToken: number, more: Partial<Try> = {}) =>
  ({ step: one, model: 'm', firstToken, ...more }) as Try;
const GOOD = { outcome: 'complete' } as const;

/** Half a second at night, a second from nine to five; `days` of it, every three minutes. */
async function live(climate: Climate, clock: ReturnType<typeof virtualClock>, at: Step, days: number) {
  const begin = clock.now();
  for (let t = begin; t < begin + days * DAY; t += 180_000) {
    await clock.run(clock.sleep(180_000));
    const hour = new Date(clock.now()).getUTCHours();
    const office = hour >= 14 && hour < 22;
    climate.ended(tried(at, (office ? 1_000 : 500) * (1 + 0.2 * (clock.random() - 0.5))), SHORT, GOOD, 0);
  }
}

test('nothing is gone by before four weeks are known, and then each hour has its own; a restart forgets nothing', async () => {
  const clock = virtualClock({ seed: 1 });
  const climate = new Climate(clock, estimate);
  const at = step();
  await live(climate, clock, at, 27);
  expect(climate.patience(at, 'm', SHORT)).toBeUndefined();
  expect(climate.read()[0]?.acts).toBe(false);
  await live(climate, clock, at, 2);
  const byHour = new Map<number, number>();
  const again = new Climate(clock, estimate);
  again.restore(JSON.parse(JSON.stringify(climate.snapshot())));
  for (let i = 0; i < 24; i++) {
    await clock.run(clock.sleep(HOUR));
    const hour = new Date(clock.now()).getUTCHours();
    const patience = climate.patience(at, 'm', SHORT) as number;
    expect(again.patience(at, 'm', SHORT)).toBe(patience);
    byHour.set(hour, patience);
  }
  // 1.5 × p99 of values within 10 %; the steps at nine and five widen it for all hours.
  expect(byHour.get(17)).toBeGreaterThan(1_500);
  expect(byHour.get(17)).toBeLessThan(2_300);
  expect(byHour.get(5)).toBeLessThan(0.6 * (byHour.get(17) as number));
  // Never below the floor, however fast it is.
  expect(Math.min(...byHour.values())).toBeGreaterThanOrEqual(1_000);
  // Asks of another size have a week of their own, of which nothing is known.
  expect(again.patience(at, 'm', LONG)).toBeUndefined();
  expect(again.patience(at, 'another', SHORT)).toBeUndefined();
  // And so have the hours of another zone.
  expect(again.patience(step('Asia/Tokyo'), 'm', SHORT)).toBeUndefined();
  const [week] = again.read();
  expect(week).toMatchObject({
    provider: 'openai',
    model: 'm',
    zone: ZONE,
    acts: true,
    tokens: { to: 1_000 },
  });
  expect(week?.cells.length).toBe(168);
}, 120_000);

test('failures, whole answers and cassettes teach nothing', () => {
  const clock = virtualClock({ seed: 1 });
  const climate = new Climate(clock, estimate);
  const at = step();
  climate.ended(tried(at, 900), SHORT, { outcome: 'error', failure: { kind: 'provider_error' } as never }, 0);
  climate.ended(tried(at, 900), { ...SHORT, stream: false }, GOOD, 0);
  climate.ended(tried(at, 900, { replayed: true }), SHORT, GOOD, 0);
  expect(climate.read()).toEqual([]);
});

test('what each token takes after the first is a figure of its own, with its own normal; a restart and another thread know it', () => {
  const clock = virtualClock({ seed: 4 });
  const climate = new Climate(clock, estimate, true);
  const at = step();
  for (let i = 0; i < 30; i++)
    climate.ended(tried(at, 500), SHORT, { outcome: 'complete', streamed: 100 * 20 }, 100);
  expect(climate.read()[0]?.perToken?.recent?.p50).toBeCloseTo(20, 0);
  const again = new Climate(clock, estimate);
  again.restore(JSON.parse(JSON.stringify(climate.snapshot())));
  expect(again.read()[0]?.perToken?.recent?.p50).toBeCloseTo(20, 0);
  const other = new Climate(clock, estimate);
  other.hear(climate.news());
  expect(other.read()[0]?.perToken?.recent?.n).toBe(30);
});

test('an answer of a few tokens, or one that came whole behind its first, tells no pace', () => {
  const climate = new Climate(virtualClock({ seed: 5 }), estimate);
  const at = step();
  climate.ended(tried(at, 500), SHORT, { outcome: 'complete', streamed: 100 }, 3);
  climate.ended(tried(at, 500), SHORT, { outcome: 'complete', streamed: 0.2 }, 100);
  climate.ended(tried(at, 500), SHORT, GOOD, 100);
  expect(climate.read()).toHaveLength(1);
  expect(climate.read()[0]?.perToken).toBeUndefined();
});

test('calm hours are those of the size, or of the size that most is known of; none before four weeks are', async () => {
  const clock = virtualClock({ seed: 6 });
  const climate = new Climate(clock, estimate);
  const target = { provider: 'openai', model: 'm', zone: ZONE };
  await live(climate, clock, step(), 27);
  expect(climate.calmest(target, SHORT, DAY)).toBeUndefined();
  await live(climate, clock, step(), 2);
  // To the middle of the office.
  await clock.run(clock.sleep(16 * HOUR - (clock.now() % DAY)));
  const calm = climate.calmest(target, SHORT, 12 * HOUR) ?? [];
  expect(calm.length).toBeGreaterThan(3);
  for (const { at, ratio } of calm) {
    expect(new Date(at).getUTCHours() >= 14 && new Date(at).getUTCHours() < 22).toBe(false);
    expect(ratio).toBeLessThan(0.6);
  }
  expect(climate.calmest(target, LONG, 12 * HOUR)).toEqual(calm);
  expect(climate.calmest({ ...target, model: 'other' }, SHORT, DAY)).toBeUndefined();
});

test('a target that is slower than its week for hours is told with the figure that is; nobody asks it on a schedule', async () => {
  const clock = virtualClock({ seed: 8 });
  const climate = new Climate(clock, estimate);
  await live(climate, clock, step(), 30);
  expect(climate.regimes()).toEqual([]);
  for (let i = 0; i < 8 * 20; i++) {
    await clock.run(clock.sleep(180_000));
    const office = new Date(clock.now()).getUTCHours() >= 14 && new Date(clock.now()).getUTCHours() < 22;
    climate.ended(tried(step(), 1.6 * (office ? 1_000 : 500)), SHORT, GOOD, 0);
  }
  expect(climate.regimes()).toMatchObject([
    { provider: 'openai', model: 'm', figure: 'firstToken', regime: { of: 'typical', cause: 'unknown' } },
  ]);
});
