import { openAiLike } from '../define.ts';

export const groq = openAiLike({
  name: 'groq',
  summary: 'Groq: OpenAI-compatible chat on its own hardware.',
  baseUrl: 'https://api.groq.com/openai/v1',
  keyVariable: 'GROQ_API_KEY',
  priceId: 'groq',
});
