import type { Asked, Reply } from '../asked.ts';
import type { Random } from '../draw.ts';

export interface Making {
  readonly asked: Asked;
  /** Seeded by the simulator's seed, the question and the index of the choice; made only when chance is needed. */
  random(): Random;
  /** Free answers aim at this many tokens. */
  tokens(): number;
  /** An id for the nth tool call. */
  callId(n: number): string;
}

export const lastUser = (asked: Asked): string =>
  asked.turns.findLast((turn) => turn.role === 'user')?.text ?? '';

export function answer(making: Making): Reply {
  const text = lastUser(making.asked);
  return { blocks: [{ kind: 'text', text: `You said: ${text.slice(0, 200)}` }], finish: 'complete' };
}
