import type { Provider } from '#contracts';
import { withMember } from '../shared/with-member.ts';

/** Nobody says both words: who has said one has a limit of his own. */
const WORDS = ['max_tokens', 'max_completion_tokens'] as const;

export const limitChat = (
  body: Uint8Array,
  tokens: number,
  word: Provider['limitWord'],
): Uint8Array | undefined => withMember(body, WORDS, word ?? 'max_tokens', String(tokens));
