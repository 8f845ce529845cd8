import { openAiLike } from '../define.ts';

export const xai = openAiLike({
  name: 'xai',
  summary: 'xAI: OpenAI-compatible chat and responses.',
  baseUrl: 'https://api.x.ai/v1',
  keyVariable: 'XAI_API_KEY',
  priceId: 'x-ai',
  protocols: ['openai-chat', 'openai-responses', 'openai-embeddings'],
});
