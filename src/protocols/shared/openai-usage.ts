import type { Usage } from '#contracts';
import { NO_USAGE } from '#contracts';
import { count, isObject, object } from './json.ts';

/**
 * OpenAI's usage, of chat, responses or embeddings, taken apart. Cached, written, audio and image tokens are counted
 * inside the input, reasoning and audio inside the output; each is taken out of what is left of its total, so the parts
 * add up to the totals even when a provider's details overlap (cached audio stands in both).
 *
 * xAI and Gemini count reasoning beside the output instead; their `total_tokens` gives them away.
 */
export function openaiUsage(usage: unknown): Usage {
  if (!isObject(usage)) return NO_USAGE;
  const input = take(count(usage.prompt_tokens ?? usage.input_tokens));
  const output = take(count(usage.completion_tokens ?? usage.output_tokens));
  const inputs = object(usage.prompt_tokens_details ?? usage.input_tokens_details);
  const outputs = object(usage.completion_tokens_details ?? usage.output_tokens_details);

  const cacheRead = input(
    count(inputs.cached_tokens ?? usage.prompt_cache_hit_tokens ?? usage.cached_tokens),
  );
  const cacheWriteLong = input(count(object(inputs.cache_write_tokens_details).ttl_12h_tokens));
  const cacheWrite = input(Math.max(0, count(inputs.cache_write_tokens) - cacheWriteLong));
  const audioIn = input(count(inputs.audio_tokens));
  const imageIn = input(count(inputs.image_tokens));

  const said = count(outputs.reasoning_tokens ?? usage.reasoning_tokens);
  const beside =
    said > 0 &&
    count(usage.total_tokens) ===
      count(usage.prompt_tokens ?? usage.input_tokens) +
        count(usage.completion_tokens ?? usage.output_tokens) +
        said;
  const reasoning = beside ? said : output(said);
  const audioOut = output(count(outputs.audio_tokens));
  const imageOut = output(count(outputs.image_tokens));
  return {
    input: input(Number.MAX_SAFE_INTEGER),
    cacheRead,
    cacheWrite,
    cacheWriteLong,
    output: output(Number.MAX_SAFE_INTEGER),
    reasoning,
    audioIn,
    audioOut,
    imageIn,
    imageOut,
    basis: 'reported',
  };
}

/** Takes up to `n` from what is left of a total. */
function take(total: number): (n: number) => number {
  let left = total;
  return (n) => {
    const taken = Math.min(n, left);
    left -= taken;
    return taken;
  };
}
