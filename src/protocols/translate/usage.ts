import type { Usage } from '#contracts';
import { NO_USAGE } from '#contracts';
import type { Json } from '../shared/json.ts';

/** Usage as each dialect states it, so that its own reader takes it apart into the same numbers again. */

const inputs = (usage: Usage): number =>
  usage.input + usage.cacheRead + usage.cacheWrite + usage.cacheWriteLong + usage.audioIn + usage.imageIn;
const outputs = (usage: Usage): number => usage.output + usage.reasoning + usage.audioOut + usage.imageOut;

/** OpenAI counts everything inside input and output. Its long cache writes last twelve hours, Anthropic's one. */
function inputDetails(usage: Usage): Json {
  const written = usage.cacheWrite + usage.cacheWriteLong;
  return {
    cached_tokens: usage.cacheRead,
    ...(written > 0 ? { cache_write_tokens: written } : {}),
    ...(usage.cacheWriteLong > 0
      ? {
          cache_write_tokens_details: {
            ttl_30m_tokens: usage.cacheWrite,
            ttl_12h_tokens: usage.cacheWriteLong,
          },
        }
      : {}),
  };
}

const media = (audio: number, image: number): Json => ({
  ...(audio > 0 ? { audio_tokens: audio } : {}),
  ...(image > 0 ? { image_tokens: image } : {}),
});

export const chatUsage = (usage: Usage): Json => ({
  prompt_tokens: inputs(usage),
  completion_tokens: outputs(usage),
  total_tokens: inputs(usage) + outputs(usage),
  prompt_tokens_details: { ...inputDetails(usage), ...media(usage.audioIn, usage.imageIn) },
  completion_tokens_details: {
    reasoning_tokens: usage.reasoning,
    ...media(usage.audioOut, usage.imageOut),
  },
});

export const responsesUsage = (usage: Usage): Json => ({
  input_tokens: inputs(usage),
  input_tokens_details: {
    cache_write_tokens: 0,
    ...inputDetails(usage),
    ...media(usage.audioIn, usage.imageIn),
  },
  output_tokens: outputs(usage),
  output_tokens_details: {
    reasoning_tokens: usage.reasoning,
    ...media(usage.audioOut, usage.imageOut),
  },
  total_tokens: inputs(usage) + outputs(usage),
});

/** Anthropic counts the cache beside the input and knows no audio or image tokens. The dialect demands numbers. */
export function messagesUsage(usage: Usage = NO_USAGE): Json {
  const written = usage.cacheWrite + usage.cacheWriteLong;
  return {
    input_tokens: usage.input + usage.audioIn + usage.imageIn,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: usage.cacheRead,
    ...(usage.cacheWriteLong > 0
      ? {
          cache_creation: {
            ephemeral_5m_input_tokens: usage.cacheWrite,
            ephemeral_1h_input_tokens: usage.cacheWriteLong,
          },
        }
      : {}),
    output_tokens: outputs(usage),
    output_tokens_details: { thinking_tokens: usage.reasoning },
  };
}
