import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { readQuotas, readReset } from './quota-headers.ts';
import { LONGEST_WAIT, readRetryAfter } from './retry-after.ts';
import { readDuration, readHttpDate, readInstant, readNumber } from './spelling.ts';

const NOW = Date.UTC(2026, 0, 31, 12, 0, 0);

for (const [what, headers, wait] of [
  ['whole seconds', { 'retry-after': '7' }, 7000],
  ['decimal seconds', { 'retry-after': '0.25' }, 250],
  ['zero', { 'retry-after': '0' }, 0],
  ['an HTTP date', { 'retry-after': 'Sat, 31 Jan 2026 12:00:09 GMT' }, 9000],
  ['a past date', { 'retry-after': 'Sat, 31 Jan 2026 11:00:00 GMT' }, 0],
  ['the obsolete date', { 'retry-after': 'Saturday, 31-Jan-26 12:00:09 GMT' }, 9000],
  ['the asctime date', { 'retry-after': 'Sat Jan 31 12:00:09 2026' }, 9000],
  ['milliseconds before seconds', { 'retry-after-ms': '1500', 'retry-after': '2' }, 1500],
  ['milliseconds that are garbage', { 'retry-after-ms': 'soon', 'retry-after': '2' }, 2000],
  ['Azure milliseconds', { 'x-ms-retry-after-ms': '830' }, 830],
  ['the cap', { 'retry-after': '86400' }, LONGEST_WAIT],
  ['a field sent twice', { 'retry-after': '2, 5' }, 5000],
  ['spaces', { 'retry-after': ' 3 ' }, 3000],
  ['a duration', { 'retry-after': '1m30s' }, 90_000],
  ['a duration with a fraction', { 'retry-after': '1.5s' }, 1500],
  ['a duration in milliseconds', { 'retry-after-ms': '250ms' }, 250],
  ['durations sent twice', { 'retry-after': '1s, 2s' }, 2000],
  ['a negative number', { 'retry-after': '-3' }, undefined],
  ['prose', { 'retry-after': 'in a while' }, undefined],
  ['an exponent', { 'retry-after': '1e9' }, undefined],
  ['nothing', {}, undefined],
  [
    'OpenAI: the axis with nothing left',
    {
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '1m2.5s',
      'x-ratelimit-remaining-tokens': '9000',
      'x-ratelimit-reset-tokens': '6m0s',
    },
    62_500,
  ],
  [
    'OpenAI: nothing is empty, the scarcer axis is the short one',
    {
      'x-ratelimit-limit-requests': '500',
      'x-ratelimit-remaining-requests': '499',
      'x-ratelimit-reset-requests': '120ms',
      'x-ratelimit-limit-tokens': '30000',
      'x-ratelimit-remaining-tokens': '900',
      'x-ratelimit-reset-tokens': '58.2s',
    },
    58_200,
  ],
  ['a reset alone', { 'x-ratelimit-reset-tokens': '6ms' }, 6],
  [
    'Anthropic',
    {
      'anthropic-ratelimit-output-tokens-remaining': '0',
      'anthropic-ratelimit-output-tokens-reset': '2026-01-31T12:00:20Z',
      'anthropic-ratelimit-requests-remaining': '40',
      'anthropic-ratelimit-requests-reset': '2026-01-31T12:01:00Z',
    },
    20_000,
  ],
  ['epoch seconds', { 'x-ratelimit-reset': String(NOW / 1000 + 4) }, 4000],
  ['epoch milliseconds', { 'x-ratelimit-reset': String(NOW + 4000) }, 4000],
  ['past epoch', { 'x-ratelimit-reset': String(NOW / 1000 - 4) }, 0],
  ['delta seconds', { 'x-ratelimit-reset': '4' }, 4000],
  ['garbage beside sense', { 'retry-after': '?', 'x-ratelimit-reset': '4' }, 4000],
] as const)
  test(`retry-after: ${what}`, () => {
    expect(readRetryAfter(headers as Record<string, string>, NOW)).toBe(wait as number);
  });

test('whatever a header says, the wait is within the cap or absent', () => {
  const names = ['retry-after', 'retry-after-ms', 'x-ratelimit-reset', 'x-ratelimit-reset-tokens'];
  const texts = fc.oneof(
    fc.string(),
    fc.integer().map(String),
    fc.double().map(String),
    fc.date({ noInvalidDate: true }).map((d) => d.toUTCString()),
    fc.date({ noInvalidDate: true }).map((d) => d.toISOString()),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), texts), (headers) => {
      const wait = readRetryAfter(headers, NOW);
      expect(wait === undefined || (wait >= 0 && wait <= LONGEST_WAIT)).toBe(true);
    }),
    { seed: 11, numRuns: 500 },
  );
});

test('an HTTP date and an instant read back what was written, to the second', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e9 }), (seconds) => {
      const d = new Date(seconds * 1000);
      expect(readHttpDate(d.toUTCString(), NOW)).toBe(seconds * 1000);
      expect(readInstant(d.toISOString())).toBe(seconds * 1000);
    }),
    { seed: 12 },
  );
});

test('a duration reads back what was written', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.nat(59), fc.nat(59_999), (h, m, ms) => {
      expect(readDuration(`${h}h${m}m${ms / 1000}s`)).toBeCloseTo(h * 3_600_000 + m * 60_000 + ms, 6);
    }),
    { seed: 13 },
  );
});

test('spellings that are none', () => {
  for (const text of ['', '-1', '1e3', '0x1', 'Infinity', '1.', '.5', ' '])
    expect(readNumber(text)).toBeUndefined();
  for (const text of ['', '5', '5x', 'm', '1m ', '1h-2s']) expect(readDuration(text)).toBeUndefined();
  for (const text of ['2', 'Sat, 31 Feb 2026 12:00:00 GMT', 'Sat, 31 Jan 2026 25:00:00 GMT', '2026-01-31'])
    expect(readHttpDate(text, NOW)).toBeUndefined();
  for (const text of ['2026-01-31', '2026-13-31T12:00:00Z', 'today'])
    expect(readInstant(text)).toBeUndefined();
  expect(readReset('later', NOW)).toBeUndefined();
});

test('quotas of both vendors, one reading an axis, garbage left out', () => {
  expect(
    readQuotas(
      {
        'x-ratelimit-limit-requests': '500',
        'x-ratelimit-remaining-requests': '499',
        'x-ratelimit-reset-requests': '120ms',
        'x-ratelimit-limit-tokens': 'many',
        'x-ratelimit-limit': '60',
      },
      NOW,
    ),
  ).toEqual([{ axis: 'requests', limit: 500, remaining: 499, resetMs: 120 }]);
  expect(
    readQuotas(
      {
        'anthropic-ratelimit-input-tokens-limit': '400000',
        'anthropic-ratelimit-input-tokens-remaining': '399000',
        'anthropic-ratelimit-input-tokens-reset': '2026-01-31T12:00:01Z',
        'anthropic-ratelimit-output-tokens-limit': '80000',
      },
      NOW,
    ),
  ).toEqual([
    { axis: 'input_tokens', limit: 400_000, remaining: 399_000, resetMs: 1000 },
    { axis: 'output_tokens', limit: 80_000, remaining: undefined, resetMs: undefined },
  ]);
  expect(readQuotas({ 'content-type': 'application/json' }, NOW)).toEqual([]);
});
