import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { health } from './health.ts';
import { healthNews, hearHealth } from './news.ts';

const judge = health();
const zero = () => 0;
const end = (state: ReturnType<typeof judge.create>, now: number, signal: 'good' | 'bad') =>
  judge.observe(state, { now, startedAt: now, signal, random: zero });

test('an ejection, the one probe and the way back are known to the other gateway', () => {
  const here = judge.create();
  const there = judge.create();
  for (let i = 0; i < 5; i++) end(here, 1_000 + i, 'bad');
  expect(hearHealth(there, healthNews(here))).toBe(true);
  expect(judge.share(there, 2_000)).toBe(0);
  expect(hearHealth(there, healthNews(here))).toBe(false);
  judge.asked(here, 7_000);
  hearHealth(there, healthNews(here));
  expect(judge.probeDue(there, 8_000)).toBe(false);
  end(here, 8_000, 'bad');
  hearHealth(there, healthNews(here));
  expect(judge.read(there, 9_000).until).toBe(18_000);
  judge.asked(there, 18_000);
  end(there, 18_100, 'good');
  hearHealth(here, healthNews(there));
  expect(judge.share(here, 18_100)).toBeCloseTo(0.1, 6);
});

test('who told of an ejection probes first; who heard takes over when nobody does', () => {
  const here = judge.create();
  const there = judge.create();
  for (let i = 0; i < 5; i++) end(here, 1_000, 'bad');
  hearHealth(there, healthNews(here), 700);
  const until = judge.read(here, 2_000).until!;
  expect(judge.probeDue(here, until)).toBe(true);
  expect(judge.probeDue(there, until + 699)).toBe(false);
  expect(judge.probeDue(there, until + 700)).toBe(true);
});

test('an alarm is adopted and ends by own evidence; older news change nothing', () => {
  const here = judge.create();
  for (let i = 0; i < 2_000 && here.grade.grade !== 'degraded'; i++)
    end(here, 1_000 + i, i % 4 === 0 ? 'bad' : 'good');
  expect(here.grade.grade).toBe('degraded');
  const there = judge.create();
  const news = healthNews(here);
  expect(hearHealth(there, news)).toBe(true);
  expect(judge.share(there, 1e6)).toBeLessThan(0.3);
  for (let i = 0; i < 400; i++) end(there, 1e6 + i, 'good');
  expect(there.grade.grade).toBe('healthy');
  expect(hearHealth(there, news)).toBe(false);
});

test('gateways that hear everything agree, whatever the order and however often', () => {
  const steps = fc.array(
    fc.record({ who: fc.nat(2), bad: fc.boolean(), gap: fc.integer({ min: 1, max: 4_000 }) }),
    {
      maxLength: 80,
    },
  );
  fc.assert(
    fc.property(steps, (list) => {
      const gateways = [judge.create(), judge.create(), judge.create()];
      let now = 1e6;
      for (const { who, bad, gap } of list) {
        now += gap;
        const own = gateways[who]!;
        if (judge.probeDue(own, now)) judge.asked(own, now);
        end(own, now, bad ? 'bad' : 'good');
      }
      for (let round = 0; round < 2; round++)
        for (const a of gateways) for (const b of gateways) hearHealth(b, healthNews(a));
      const open = gateways.filter(({ circuit }) => circuit.phase !== 'closed').map(({ circuit }) => circuit);
      const latest = gateways.map((g) => healthNews(g)).filter((n) => n.circuit.phase !== 'closed');
      const turned = Math.max(0, ...latest.map((n) => n.turnedAt));
      for (const circuit of open) expect(circuit).toEqual(latest.find((n) => n.turnedAt === turned)!.circuit);
    }),
    { seed: 71, numRuns: 100 },
  );
});
