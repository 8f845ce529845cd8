import { describe, expect, test } from 'bun:test';
import { drawNormal, seededRandom } from '../numeric/random.ts';
import { fitHourOfWeek, hourOfWeek, hourOfWeekResidual } from './hour-of-week.ts';

const HOUR = 3_600_000;

describe('hour of week', () => {
  const zone = 'Europe/Berlin';

  test('follows the clock on the wall through both changes of it', () => {
    // 2026-03-29 02:00 does not exist in Berlin; 2026-10-25 02:00 comes twice.
    expect(hourOfWeek(Date.UTC(2026, 2, 29, 0), zone)).toBe(6 * 24 + 1);
    expect(hourOfWeek(Date.UTC(2026, 2, 29, 1), zone)).toBe(6 * 24 + 3);
    expect(hourOfWeek(Date.UTC(2026, 9, 25, 0), zone)).toBe(6 * 24 + 2);
    expect(hourOfWeek(Date.UTC(2026, 9, 25, 1), zone)).toBe(6 * 24 + 2);
    expect(hourOfWeek(Date.UTC(2026, 0, 5, 8), zone)).toBe(9);
    expect(hourOfWeek(Date.UTC(2026, 6, 6, 7), zone)).toBe(9);
    expect(() => hourOfWeek(0, 'Mars/Olympus')).toThrow('zone');
  });

  const world = (weeks: number, from: number, spoil = false) => {
    const random = seededRandom('hours');
    return Array.from({ length: weeks * 168 }, (_, i) => {
      const at = from + i * HOUR;
      const hour = hourOfWeek(at, zone) % 24;
      const outage = spoil && i >= 168 && i < 168 + 40;
      return {
        at,
        value: 8 + 0.6 * Math.exp(-((hour - 11) ** 2) / 18) + 0.08 * drawNormal(random) + (outage ? 2 : 0),
      };
    });
  };

  test('one outage week does not bend it, and a load that follows the wall clock stays unremarkable after the change', () => {
    const from = Date.UTC(2026, 1, 23); // four weeks before the last Sunday of March
    const clean = fitHourOfWeek(world(4, from), zone);
    const spoiled = fitHourOfWeek(world(4, from, true), zone);
    expect(JSON.stringify(clean).length).toBeLessThan(2048);
    clean.levels.forEach((level, h) => {
      expect(Math.abs(spoiled.levels[h]! - level)).toBeLessThan(0.2);
    });
    expect(clean.scale).toBeGreaterThan(0.06);
    expect(clean.scale).toBeLessThan(0.13);
    const after = world(6, from).slice(5 * 168);
    const zs = after.map((v) => hourOfWeekResidual(clean, v));
    expect(Math.abs(zs.reduce((a, b) => a + b, 0) / zs.length)).toBeLessThan(0.3);
    expect(hourOfWeekResidual(clean, { at: from, value: 100 })).toBe(4);
  });

  test('refuses a short history', () => {
    expect(() => fitHourOfWeek(world(2, 0), zone)).toThrow('values');
  });
});
