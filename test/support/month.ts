import type { ClimateSnapshot } from '#gateway';
import { decayingSketch, hours } from '#kernel/resilience';

const HOUR = 3_600_000;
const DAYS = 29;

/** What a month of first tokens around `ms`, or as `ms` has it at an instant, teaches of one model of a provider, for asks up to a thousand tokens. */
export function monthOf(
  target: { readonly provider: string; readonly model: string },
  ms: number | ((at: number) => number),
  now: number,
): ClimateSnapshot {
  const zone = 'America/New_York';
  const rule = hours({ zone });
  const state = rule.create();
  for (let at = now - DAYS * 24 * HOUR, n = 0; at < now; at += HOUR / 6, n++)
    rule.observe(state, at, (typeof ms === 'number' ? ms : ms(at)) * (0.9 + 0.05 * (n % 5)));
  const name = [target.provider, target.model, '0', zone].map(encodeURIComponent).join('/');
  const recent = decayingSketch({ alpha: 0.01, smallest: 0.1, halfLife: 300_000 }).create();
  return { [name]: { hours: state, recent, seenAt: now } };
}
