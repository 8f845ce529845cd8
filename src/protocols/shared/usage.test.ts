import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Usage } from '#contracts';
import { NO_USAGE } from '#contracts';
import { anthropicUsage } from '../anthropic-messages/usage.ts';
import { estimateUsage } from './estimate.ts';
import { openaiUsage } from './openai-usage.ts';

const inputs = (u: Usage) => u.input + u.cacheRead + u.cacheWrite + u.cacheWriteLong + u.audioIn + u.imageIn;
const outputs = (u: Usage) => u.output + u.reasoning + u.audioOut + u.imageOut;
const n = fc.nat(5000);

test('OpenAI: the parts add up to what was counted, even when details overlap or exceed it', () => {
  fc.assert(
    fc.property(n, n, n, n, n, n, n, (prompt, completion, cached, written, audio, image, reasoning) => {
      const usage = openaiUsage({
        prompt_tokens: prompt,
        completion_tokens: completion,
        total_tokens: prompt + completion,
        prompt_tokens_details: {
          cached_tokens: cached,
          cache_write_tokens: written,
          audio_tokens: audio,
          image_tokens: image,
        },
        completion_tokens_details: { reasoning_tokens: reasoning, audio_tokens: audio },
      });
      expect(inputs(usage)).toBe(prompt);
      expect(outputs(usage)).toBe(completion);
      expect(
        Math.min(...Object.values(usage).filter((value) => typeof value === 'number')),
      ).toBeGreaterThanOrEqual(0);
    }),
    { seed: 1 },
  );
});

test('OpenAI: dialects of the same count', () => {
  expect(
    openaiUsage({
      input_tokens: 10,
      output_tokens: 4,
      input_tokens_details: {
        cached_tokens: 6,
        cache_write_tokens: 3,
        cache_write_tokens_details: { ttl_12h_tokens: 1, ttl_30m_tokens: 2 },
      },
    }),
  ).toMatchObject({ input: 1, cacheRead: 6, cacheWrite: 2, cacheWriteLong: 1, output: 4 });
  expect(openaiUsage({ prompt_tokens: 10, completion_tokens: 4, prompt_cache_hit_tokens: 6 })).toMatchObject({
    input: 4,
    cacheRead: 6,
  });
  // Reasoning beside the completion, as xAI and Gemini count: the total gives it away.
  expect(
    openaiUsage({
      prompt_tokens: 10,
      completion_tokens: 4,
      total_tokens: 34,
      completion_tokens_details: { reasoning_tokens: 20 },
    }),
  ).toMatchObject({ output: 4, reasoning: 20 });
  expect(openaiUsage({ prompt_tokens: 8, total_tokens: 8 })).toMatchObject({
    input: 8,
    output: 0,
    basis: 'reported',
  });
  for (const none of [undefined, null, 'x', []]) expect(openaiUsage(none)).toEqual(NO_USAGE);
  expect(openaiUsage({ prompt_tokens: -5, completion_tokens: 'x' })).toMatchObject({ input: 0, output: 0 });
});

test('Anthropic: cache stands beside the input, thinking inside the output', () => {
  fc.assert(
    fc.property(n, n, n, n, n, n, (input, read, short, long, output, thinking) => {
      const usage = anthropicUsage({
        input_tokens: input,
        cache_read_input_tokens: read,
        cache_creation_input_tokens: short + long,
        cache_creation: { ephemeral_5m_input_tokens: short, ephemeral_1h_input_tokens: long },
        output_tokens: output,
        output_tokens_details: { thinking_tokens: thinking },
      });
      expect(usage).toMatchObject({
        input,
        cacheRead: read,
        cacheWrite: short,
        cacheWriteLong: long,
        basis: 'reported',
      });
      expect(outputs(usage)).toBe(output);
    }),
    { seed: 1 },
  );
  expect(anthropicUsage({ input_tokens: 1, cache_creation_input_tokens: 9, output_tokens: 2 })).toMatchObject(
    { cacheWrite: 9, cacheWriteLong: 0 },
  );
  expect(anthropicUsage(null)).toEqual(NO_USAGE);
});

test('an estimate is marked as one and does not take a picture for prose', () => {
  expect(estimateUsage({ bytes: 4000, images: 0, audios: 0 }, 400, 1)).toEqual({
    ...NO_USAGE,
    input: 1000,
    output: 130,
    basis: 'estimated',
  });
  expect(estimateUsage({ bytes: 4_000_000, images: 2, audios: 0 }, 0)).toMatchObject({
    input: 8192,
    imageIn: 2000,
  });
});
