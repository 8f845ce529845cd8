import { LAST_CHUNK, streamed, whole } from '../puppet.ts';
import { ANTHROPIC } from '../tongues.ts';
import { refusal } from './refusal.ts';
import { BOTH, type Row } from './row.ts';

/** Of no use to ask anybody else. */
const FINAL = { ways: BOTH, outcome: 'error', alone: 1, moves: false } as const;

const OVERFLOW = {
  ...FINAL,
  acts: refusal(400, 'invalid', 'prompt is too long: 300000 tokens > 200000 maximum'),
  kind: 'context_overflow',
  outcome: 'context_overflow',
  status: 400,
} as const;

const FILTERED = {
  ...FINAL,
  acts: refusal(400, 'invalid', 'Output blocked by content filtering policy', { code: 'content_filter' }),
  kind: 'content_filter',
  outcome: 'content_filter',
  status: 400,
} as const;

/** The provider takes neither this ask, nor our credential, nor its own answer. */
export const REFUSED: readonly Row[] = [
  { ...OVERFLOW, name: 'context overflow, no larger window declared' },
  {
    ...OVERFLOW,
    name: 'context overflow, a larger window declared',
    moves: true,
    windows: [200_000, 1_000_000],
  },
  { ...OVERFLOW, name: 'context overflow, only a smaller window declared', windows: [200_000, 100_000] },
  ...[400, 404, 422].map(
    (status): Row => ({
      ...FINAL,
      name: `another ${status}`,
      acts: refusal(status, 'invalid', 'no such thing'),
      kind: 'provider_rejected',
      status,
    }),
  ),
  { ...FINAL, name: '413', acts: refusal(413, 'invalid', 'too much'), kind: 'too_large', status: 413 },
  ...[401, 403].map(
    (status): Row => ({
      ...FINAL,
      name: `${status} on our key`,
      acts: refusal(status, 'auth', 'Incorrect API key provided: sk-provider-key-of-the-house'),
      kind: 'provider_auth',
      moves: true,
      status: 502,
      shut: true,
    }),
  ),
  { ...FILTERED, name: "the provider's filter, as an error" },
  {
    ...FILTERED,
    name: "the provider's filter as an error, where the route goes round it",
    moves: true,
    fallbackOn: ['content_filter'],
  },
  {
    name: 'a filter or refusal as the reason for the end',
    ways: BOTH,
    acts: ({ write }, { tongue: t, stream }) => {
      const events = [...t.opening, t.delta('Hel'), t.reason(t.words.filtered), t.usage, t.terminator];
      write(
        stream
          ? `${streamed(t.sse, ...events)}${LAST_CHUNK}`
          : whole(200, t.json, t.answer('Hel', t.words.filtered)),
      );
    },
    outcome: (t) => (t === ANTHROPIC ? 'refusal' : 'content_filter'),
    alone: 1,
    moves: false,
    says: 'Hel',
  },
];
