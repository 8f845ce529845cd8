import { expect, test } from 'bun:test';
import type { TierCount } from '#contracts';
import { recount } from './recount.ts';
import { findings, type Promised } from './watch.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = 20_000 * DAY + 30 * 60_000;
const chat = (mix?: Promised['mix']): Promised => ({
  route: 'chat',
  primary: 'primary',
  ...(mix && { mix }),
});

/** `n` exchanges an hour over `hours` hours until now, of which `demoted(hour)` were sent away, hours counted backwards. */
function history(
  hours: number,
  n: number,
  demoted: (back: number) => number,
  by = 'demotion:a',
): TierCount[] {
  return Array.from({ length: hours }, (_, back) => {
    const at = Math.floor(NOW / HOUR) * HOUR - back * HOUR;
    const away = Math.round(demoted(back));
    return [
      { at, route: 'chat', tier: 'primary', exchanges: n - away },
      ...(away > 0 ? [{ at, route: 'chat', tier: 'small', by, reason: 'flag', exchanges: away }] : []),
    ];
  }).flat();
}
const kinds = (promised: Promised, counts: readonly TierCount[]) =>
  findings(promised, counts, NOW).map(({ kind, level }) => `${kind} ${level}`);

test('a mix as declared draws no finding, nor does one fallback, nor a route without exchanges', () => {
  const declared = chat({ primary: { target: 0.995, floor: 0.98, owner: 'ana' } });
  expect(
    kinds(
      declared,
      history(300, 400, () => 2),
    ),
  ).toEqual([]);
  expect(
    kinds(
      declared,
      history(3, 400, (back) => (back === 0 ? 1 : 0)),
    ),
  ).toEqual([]);
  expect(kinds(declared, [])).toEqual([]);
  expect(
    kinds(
      chat(),
      history(300, 400, () => 2),
    ),
  ).toEqual([]);
});

test('what a route exercises by its own configuration is no finding, what else leaves beside it is', () => {
  const exercised = history(168, 400, () => 20, 'exercise');
  expect(kinds(chat(), exercised)).toEqual([]);
  expect(kinds(chat(), [...exercised, ...history(168, 400, () => 16)])).toEqual(['level note']);
});

test('without a floor, more than 1 % of seven days is told, once something can be said', () => {
  expect(
    kinds(
      chat(),
      history(168, 400, () => 8),
    ),
  ).toEqual(['level note']);
  expect(
    kinds(
      chat({ small: { ceiling: 0.1 } }),
      history(168, 400, () => 8),
    ),
  ).toEqual(['level warn']);
  expect(
    kinds(
      chat(),
      history(1, 20, () => 1),
    ),
  ).toEqual([]);
  const [found] = findings(
    chat(),
    history(168, 400, () => 8),
    NOW,
  );
  expect(found?.says).toContain('2 % of 67,200 exchanges in 7 d');
  expect(found?.todo).toContain('floor: 0.98, owner');
});

test('a failover burns the budget of the floor within the hour, a steady excess within three days', () => {
  const declared = chat({ primary: { floor: 0.95, owner: 'ana' } });
  expect(
    kinds(
      declared,
      history(100, 400, (back) => (back === 0 ? 380 : 4)),
    ),
  ).toContain('level alarm');
  const steady = findings(
    declared,
    history(200, 400, () => 28),
    NOW,
  );
  expect(steady.map(({ kind, level, owner }) => [kind, level, owner])).toEqual([
    ['level', 'warn', 'ana'],
    ['drift', 'warn', 'ana'],
  ]);
});

test('a slow climb is a drift that names what climbs, and is told no more three days after it was mended', () => {
  const declared = chat({ primary: { target: 0.995, owner: 'ana' } });
  const steady = history(300, 400, () => 2, 'timeout_headers');
  const climb = history(60, 400, (back) => (60 - back) / 15, 'demotion:evening').filter(({ by }) => by);
  const [found, ...more] = findings(declared, [...steady, ...climb], NOW);
  expect(more).toEqual([]);
  expect(found).toMatchObject({ kind: 'drift', owner: 'ana' });
  expect(found?.causes[0]?.rule).toBe('demotion:evening');
  expect(found?.says).toContain('Most likely: demotion:evening');
  expect(found?.todo).toContain('rule evening');
  const mended = [...steady, ...climb].map((count) => ({ ...count, at: count.at - 4 * DAY }));
  expect(kinds(declared, [...mended, ...history(96, 400, () => 2)])).toEqual([]);
});

test('recount: the same to the exchange is silent, a record that tells another story is not', () => {
  const declared = chat({ primary: { floor: 0.9 } });
  const counted = history(30, 400, () => 40);
  const say = (stored: readonly TierCount[], own = counted) =>
    recount(declared, stored, own, NOW, 60_000).map(({ kind }) => kind);
  expect(say(counted)).toEqual([]);
  expect(say(history(30, 400, () => 30))).toEqual(['recount']);
  expect(say(history(30, 390, () => 39))).toEqual(['recount']);
  expect(say([])).toEqual(['recount']);
  // Two gateways write into one record: ours is not all, and nothing can be said.
  expect(say(history(30, 800, () => 90))).toEqual([]);
  // What is still on its way is not missing.
  expect(
    say(
      [],
      history(1, 400, () => 40),
    ),
  ).toEqual([]);
});
