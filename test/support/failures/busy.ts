import { type Call, whole } from '../puppet.ts';
import { ANTHROPIC, OPENAI, type Tongue } from '../tongues.ts';
import { refusal } from './refusal.ts';
import { BOTH, type Row, type Scene, well } from './row.ts';

/** Asked again, and then the next tier. */
const AGAIN = { ways: BOTH, outcome: 'error', alone: 2, moves: true } as const;
/** Not asked again for a while, so the next tier at once. */
const SHUT = { ways: BOTH, outcome: 'error', alone: 1, moves: true, shut: true } as const;

const emptyAccount = ({ write }: Call, { tongue: t }: Scene) =>
  write(
    t === OPENAI
      ? whole(
          429,
          t.json,
          t.error('insufficient_quota', 'You exceeded your current quota', 'insufficient_quota'),
        )
      : whole(400, t.json, t.error('invalid_request_error', 'Your credit balance is too low.')),
  );

/** 429 and 5xx: the provider has no room, no money of ours, or no health. */
export const BUSY: readonly Row[] = [
  {
    ...SHUT,
    name: '429 with a long Retry-After',
    acts: refusal(429, 'limited', 'slow down', { headers: { 'retry-after': '40' } }),
    kind: 'rate_limited',
    status: 429,
  },
  {
    ...AGAIN,
    name: '429 without Retry-After',
    acts: refusal(429, 'limited', 'slow down'),
    kind: 'rate_limited',
    before: 1,
    status: 429,
  },
  {
    ...SHUT,
    name: '429 because the account is empty',
    acts: emptyAccount,
    kind: 'quota_exhausted',
    status: inDialect({ [OPENAI.name]: 429, [ANTHROPIC.name]: 400 }, 429, 402),
  },
  {
    name: '500, once',
    ways: BOTH,
    acts: (call, scene) =>
      call.number === 0 ? refusal(500, 'server', 'on fire')(call, scene) : well(call, scene),
    outcome: 'complete',
    alone: 2,
    moves: false,
  },
  {
    ...AGAIN,
    name: '500, for good',
    acts: refusal(500, 'server', 'on fire'),
    kind: 'provider_error',
    status: inDialect(500, 502, 502),
  },
  {
    ...AGAIN,
    name: 'overloaded, for good',
    acts: (call, scene) =>
      refusal(scene.tongue === ANTHROPIC ? 529 : 503, 'overloaded', 'Overloaded')(call, scene),
    kind: 'overloaded',
    status: (caller) => (caller === ANTHROPIC ? 529 : 503),
  },
];

/** The provider's own status in its own dialect, else the one by which the caller's dialect names the kind. */
function inDialect(own: number | Readonly<Record<string, number>>, openai: number, anthropic: number) {
  return (caller: Tongue, provider: Tongue): number => {
    if (caller !== provider) return caller === OPENAI ? openai : anthropic;
    return typeof own === 'number' ? own : (own[provider.name] ?? 0);
  };
}
