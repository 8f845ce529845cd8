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
  const prompt = count(usage.prompt_tokens ?? usage.input_tokens);
  const completion = count(usage.completion_tokens ?? usage.output_tokens);
  const inputs = object(usage.prompt_tokens_details ?? usage.input_tokens_details);
  const outputs = object(usage.completion_tokens_details ?? usage.output_tokens_details);

  let input = prompt;
  const cacheRead = Math.min(
    count(inputs.cached_tokens ?? usage.prompt_cache_hit_tokens ?? usage.cached_tokens),
    input,
  );
  input -= cacheRead;
  const long = count(object(inputs.cache_write_tokens_details).ttl_12h_tokens);
  const cacheWriteLong = Math.min(long, input);
  input -= cacheWriteLong;
  const cacheWrite = Math.min(Math.max(0, count(inputs.cache_write_tokens) - cacheWriteLong), input);
  input -= cacheWrite;
  const audioIn = Math.min(count(inputs.audio_tokens), input);
  input -= audioIn;
  const imageIn = Math.min(count(inputs.image_tokens), input);
  input -= imageIn;

  let output = completion;
  const said = count(outputs.reasoning_tokens ?? usage.reasoning_tokens);
  const beside = said > 0 && count(usage.total_tokens) === prompt + completion + said;
  const reasoning = beside ? said : Math.min(said, output);
  if (!beside) output -= reasoning;
  const audioOut = Math.min(count(outputs.audio_tokens), output);
  output -= audioOut;
  const imageOut = Math.min(count(outputs.image_tokens), output);
  output -= imageOut;
  return {
    input,
    cacheRead,
    cacheWrite,
    cacheWriteLong,
    output,
    reasoning,
    audioIn,
    audioOut,
    imageIn,
    imageOut,
    basis: 'reported',
  };
}
