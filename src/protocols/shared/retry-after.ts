import type { Fields } from '#contracts';

/**
 * How long the origin asks to be left alone, in milliseconds. A date means something only beside the origin's own clock,
 * so dates are read against the response's `Date` and ignored without it: ours may be off by more than the wait.
 */
export function retryAfter(headers: Fields): number | undefined {
  const ms = number(headers['retry-after-ms']);
  if (ms !== undefined) return ms;
  const plain = headers['retry-after'];
  if (plain !== undefined) {
    const seconds = number(plain);
    if (seconds !== undefined) return Math.round(seconds * 1000);
    const until = untilDate(plain, headers);
    if (until !== undefined) return until;
  }
  return fromLimits(headers);
}

const LIMITS = ['requests', 'tokens', 'input-tokens', 'output-tokens'] as const;

/** The limits that are used up say when they refill; when none says it is used up, the first refill is the best guess. */
function fromLimits(headers: Fields): number | undefined {
  const spent: number[] = [];
  const others: number[] = [];
  for (const limit of LIMITS) {
    const pairs = [
      [headers[`x-ratelimit-reset-${limit}`], headers[`x-ratelimit-remaining-${limit}`]],
      [headers[`anthropic-ratelimit-${limit}-reset`], headers[`anthropic-ratelimit-${limit}-remaining`]],
    ] as const;
    for (const [reset, remaining] of pairs) {
      const wait = reset === undefined ? undefined : (duration(reset) ?? untilDate(reset, headers));
      if (wait !== undefined) (remaining?.trim() === '0' ? spent : others).push(wait);
    }
  }
  if (spent.length > 0) return Math.max(...spent);
  if (others.length > 0) return Math.min(...others);
  return undefined;
}

const DURATION = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/;

/** `1s`, `6m0s`, `2h3m4.5s`, `250ms` or a bare number of seconds. */
export function duration(value: string): number | undefined {
  const trimmed = value.trim();
  const bare = number(trimmed);
  // A number this large is an instant (seconds or milliseconds since 1970), not a duration.
  if (bare !== undefined) return bare > 1e8 ? undefined : Math.round(bare * 1000);
  const match = DURATION.exec(trimmed);
  if (!match || trimmed === '') return undefined;
  const [d, h, m, s, ms] = match.slice(1).map((part) => Number(part ?? 0));
  return Math.round((((d ?? 0) * 24 + (h ?? 0)) * 60 + (m ?? 0)) * 60_000 + (s ?? 0) * 1000 + (ms ?? 0));
}

function untilDate(value: string, headers: Fields): number | undefined {
  const date = headers.date;
  if (date === undefined || !/[A-Za-z]/.test(value)) return undefined;
  const wait = Date.parse(value) - Date.parse(date);
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

function number(value: string | undefined): number | undefined {
  if (value === undefined || !/^\s*\d+(\.\d+)?\s*$/.test(value)) return undefined;
  return Number(value);
}
