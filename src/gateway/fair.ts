import type { FailureKind } from '#contracts';
import { type HealthSignal, healthOf } from '#kernel';
import type { Try, TryEnd } from './walk.ts';

/** Of a measured time, that may be ours and leave enough to say something of a provider. */
const MOST = 0.25;

/**
 * What of a time is the provider's: less `late`, for which it may have lain unread; undefined where that is too much of it to
 * tell. Never the whole of it: what our own full core adds would be held against targets. And no guess where most is unknown:
 * a normal that is learnt too short makes the truth look slow an hour later.
 */
export function fair(ms: number, late: number): number | undefined {
  if (late > 0) return late > MOST * ms ? undefined : ms - late;
  return ms;
}

/** Milliseconds to the first token by which its target may be judged; undefined where there was none, or we were too late to know. */
export const firstTokenOf = ({ firstToken, late, stood }: Try): number | undefined =>
  firstToken === undefined || stood ? undefined : fair(firstToken, late);

/** Milliseconds that a try took after `since` of them, by which its target may be judged. */
export const tookOf = (ms: number, { late, endLate, stood }: Try): number | undefined =>
  stood ? undefined : fair(ms, late + endLate);

/** What may be nobody's fault but ours: we were silent ourselves, and some providers hang up then. */
const OURS: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'reset',
  'cut',
  'timeout_connect',
  'timeout_headers',
  'timeout_first_token',
  'timeout_idle',
  'timeout_content',
  'timeout_total',
]);

/** Did this try fail while we stood still, in a way that may come of it? */
export const ours = ({ stood }: Try, { failure }: TryEnd): boolean =>
  stood && failure !== undefined && OURS.has(failure.kind);

/** What the end of a try says about its target. */
export const signalOf = (one: Try, end: TryEnd): HealthSignal =>
  ours(one, end) ? 'none' : healthOf(end.outcome, end.failure);
