import { blockTokens } from './answers/limit.ts';
import type { Asked, Reply } from './asked.ts';
import type { TokenUsage } from './script.ts';

export const NO_TOKENS: TokenUsage = Object.freeze({
  input: 0,
  cacheRead: 0,
  cacheWrite: 0,
  cacheWriteLong: 0,
  audioIn: 0,
  imageIn: 0,
  output: 0,
  reasoning: 0,
});

/** Takes the tokens of an answer apart, so that they are disjoint and add up to what is billed. */
export function usageOf(
  asked: Asked,
  replies: readonly Reply[],
  inputTokens: number,
  cached: { read: number; write: number; writeLong: number },
): TokenUsage {
  let audioIn = 0;
  let imageIn = 0;
  for (const { media } of asked.segments) {
    if (media?.kind === 'audio') audioIn += media.tokens;
    if (media?.kind === 'image') imageIn += media.tokens;
  }
  const { read, write, writeLong } = cached;
  // A cached prefix may hold the images; what is read from the cache is no longer counted as an image.
  const fresh = inputTokens - read - write - writeLong;
  audioIn = Math.min(audioIn, fresh);
  imageIn = Math.min(imageIn, fresh - audioIn);
  let output = 0;
  let reasoning = 0;
  for (const reply of replies)
    for (const block of reply.blocks)
      if (block.kind === 'reasoning') reasoning += blockTokens(block);
      else output += blockTokens(block);
  return {
    input: fresh - audioIn - imageIn,
    cacheRead: read,
    cacheWrite: write,
    cacheWriteLong: writeLong,
    audioIn,
    imageIn,
    output,
    reasoning,
  };
}
