import { openAiLike } from '../define.ts';

export const together = openAiLike({
  name: 'together',
  summary: 'Together: many open models behind one OpenAI-compatible address.',
  baseUrl: 'https://api.together.xyz/v1',
  keyVariable: 'TOGETHER_API_KEY',
  priceId: 'together',
});
