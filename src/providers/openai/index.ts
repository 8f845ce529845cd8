import { openAiLike } from '../define.ts';

export const openai = openAiLike({
  name: 'openai',
  summary: 'OpenAI itself: chat completions, responses, embeddings.',
  baseUrl: 'https://api.openai.com/v1',
  keyVariable: 'OPENAI_API_KEY',
  priceId: 'openai',
  limitWord: 'max_completion_tokens',
  protocols: ['openai-chat', 'openai-responses', 'openai-embeddings'],
});
