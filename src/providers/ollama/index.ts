import { openAiLike } from '../define.ts';

export const ollama = openAiLike({
  name: 'ollama',
  summary: 'Ollama: models on your own machine behind an OpenAI-compatible API.',
  baseUrl: 'http://127.0.0.1:11434/v1',
});
