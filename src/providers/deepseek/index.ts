import { openAiLike } from '../define.ts';

export const deepseek = openAiLike({
  name: 'deepseek',
  summary: 'DeepSeek: OpenAI-compatible chat with off-peak prices.',
  baseUrl: 'https://api.deepseek.com',
  keyVariable: 'DEEPSEEK_API_KEY',
  priceId: 'deepseek',
  protocols: ['openai-chat'],
});
