/**
 * What an answer says about waiting: every spelling read into one wait.
 *
 * Formula: the first that is present and sound of `retry-after-ms`, `x-ms-retry-after-ms`, `retry-after`; else the reset of the binding axis (see `bindingReset`); bounded by the cap; an instant in the past is 0.
 * Assumes: the header fields of one answer, `now` in epoch milliseconds on a clock that is roughly right: a span is unaffected by a wrong clock, an instant is not.
 * Cost: 50 ns for seconds, 0.5 µs for a date.
 * Lies when: the provider's clock and ours differ by more than the wait: then an instant is off by the difference, which is why the cap holds for it too.
 * Reference: RFC 9110 §10.2.3; the vendors' pages on rate limits (OpenAI, Anthropic, Azure, Groq, OpenRouter).
 */
import type { EpochMs, Fields } from '#contracts';
import { type QuotaReading, readQuotas } from './quota-headers.ts';
import { readDuration, readHttpDate, readNumber } from './spelling.ts';

/** No provider's word parks a target for longer: a wrong clock or a wrong unit must not take it out for a day. */
export const LONGEST_WAIT = 600_000;

/** Seconds or milliseconds as the field has it, or a span with its own units, which no standard knows and some proxies write. */
function span(text: string, unit: number): number | undefined {
  const plain = readNumber(text);
  return plain === undefined ? readDuration(text) : plain * unit;
}

/** Several values of one field arrive joined; the longest is the one that satisfies all of them. */
function longest(text: string, unit: number): number | undefined {
  const one = span(text, unit);
  if (one !== undefined || !text.includes(',')) return one;
  let most: number | undefined;
  for (const part of text.split(',')) {
    const wait = span(part.trim(), unit);
    if (wait === undefined) return undefined;
    most = Math.max(most ?? 0, wait);
  }
  return most;
}

function said(headers: Fields, now: EpochMs): number | undefined {
  const ms = headers['retry-after-ms'] ?? headers['x-ms-retry-after-ms'];
  if (ms !== undefined) {
    const wait = longest(ms.trim(), 1);
    if (wait !== undefined) return wait;
  }
  const after = headers['retry-after']?.trim();
  if (after === undefined) return undefined;
  const wait = longest(after, 1000);
  if (wait !== undefined) return wait;
  const at = readHttpDate(after, now);
  return at === undefined ? undefined : at - now;
}

/**
 * The wait that the reset headers of a refused call ask for. Every answer carries a reset for every axis, most of them
 * of axes that are not short, so only the binding ones count: those with nothing remaining (all of them must have come
 * back, hence the latest), else the one with the smallest share remaining, else, when none says what remains, the latest.
 */
export function bindingReset(quotas: readonly QuotaReading[]): number | undefined {
  let exhausted: number | undefined;
  let scarcest: number | undefined;
  let share = Number.POSITIVE_INFINITY;
  let latest: number | undefined;
  for (const { remaining, limit, resetMs } of quotas) {
    if (resetMs === undefined) continue;
    latest = Math.max(latest ?? 0, resetMs);
    if (remaining === undefined) continue;
    if (remaining <= 0) exhausted = Math.max(exhausted ?? 0, resetMs);
    else if (limit !== undefined && limit > 0 && remaining / limit < share) {
      share = remaining / limit;
      scarcest = resetMs;
    }
  }
  return exhausted ?? scarcest ?? latest;
}

/**
 * Milliseconds to wait before another call to the target that answered so, in [0, cap]; undefined when it does not say.
 * For refused calls only: the reset headers of a good answer ask nobody to wait.
 */
export function readRetryAfter(headers: Fields, now: EpochMs, cap = LONGEST_WAIT): number | undefined {
  // An instant means most beside the clock it was read from: either clock may be off by more than the wait.
  const theirs = (headers.date !== undefined && readHttpDate(headers.date, now)) || now;
  const wait = said(headers, theirs) ?? bindingReset(readQuotas(headers, theirs));
  return wait === undefined ? undefined : Math.min(cap, Math.max(0, wait));
}

/** Is this a `Retry-After` as the standard has it: one number, or a date? Clients read no other spelling, and no two at once. */
export const saysWhen = (text: string | undefined, now: EpochMs): boolean =>
  text !== undefined && (readNumber(text) !== undefined || readHttpDate(text, now) !== undefined);
