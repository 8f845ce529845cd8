import type { Provider } from '#contracts';
import { anthropic } from './anthropic/index.ts';
import { azure } from './azure/index.ts';
import { deepseek } from './deepseek/index.ts';
import { groq } from './groq/index.ts';
import { mistral } from './mistral/index.ts';
import { ollama } from './ollama/index.ts';
import { openai } from './openai/index.ts';
import { openrouter } from './openrouter/index.ts';
import { simulator } from './simulator/index.ts';
import { together } from './together/index.ts';
import { vllm } from './vllm/index.ts';
import { xai } from './xai/index.ts';

/** Every member; a test compares this list with the folders. */
export const providers: readonly Provider[] = Object.freeze([
  anthropic,
  azure,
  deepseek,
  groq,
  mistral,
  ollama,
  openai,
  openrouter,
  simulator,
  together,
  vllm,
  xai,
]);

export const findProvider = (name: string): Provider | undefined => providers.find((p) => p.name === name);

export { serves } from './define.ts';
export { createPricer, PRICE_LIST, type PriceOverrides } from './prices/index.ts';
export { retirementOf } from './retirements.ts';
