import type { AskFacets, Usage } from '#contracts';

/** OpenAI's and Anthropic's own rule of thumb for English. Other scripts need up to three times as many tokens. */
const CHARS_PER_TOKEN = 4;
/** Order of what the providers bill for a medium picture. */
const TOKENS_PER_IMAGE = 1_000;
const TOKENS_PER_TOOL_CALL = 30;
/** Pictures and sound travel as base64 inside the body; beyond this, such a body is taken to be made of them. */
const TEXT_BYTES_BESIDE_MEDIA = 32 * 1024;

/**
 * Usage when the provider reported none: a guess from the bytes that went by, good to a factor of about two for English
 * prose, and marked `estimated` so that no bill pretends to be exact. JSON punctuation of the ask counts as text, which
 * errs on the dear side.
 */
export function estimateUsage(
  ask: Pick<AskFacets, 'bytes' | 'images' | 'audios'>,
  textLength: number,
  toolCalls = 0,
): Usage {
  const media = ask.images + ask.audios > 0;
  const bytes = media ? Math.min(ask.bytes, TEXT_BYTES_BESIDE_MEDIA) : ask.bytes;
  return {
    // Written out: several a try, and a spread of NO_USAGE costs a dozen times as much.
    input: Math.ceil(bytes / CHARS_PER_TOKEN),
    cacheRead: 0,
    cacheWrite: 0,
    cacheWriteLong: 0,
    output: estimateOutput(textLength) + toolCalls * TOKENS_PER_TOOL_CALL,
    reasoning: 0,
    audioIn: 0,
    audioOut: 0,
    imageIn: ask.images * TOKENS_PER_IMAGE,
    imageOut: 0,
    basis: 'estimated',
  };
}

export const estimateOutput = (textLength: number): number => Math.ceil(textLength / CHARS_PER_TOKEN);
