import { openAiLike } from '../define.ts';

export const openrouter = openAiLike({
  name: 'openrouter',
  summary: 'OpenRouter: many providers behind one OpenAI-compatible address.',
  baseUrl: 'https://openrouter.ai/api/v1',
  keyVariable: 'OPENROUTER_API_KEY',
  priceId: 'openrouter',
  protocols: ['openai-chat', 'openai-responses', 'openai-embeddings'],
});
