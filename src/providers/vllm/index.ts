import { openAiLike } from '../define.ts';

export const vllm = openAiLike({
  name: 'vllm',
  summary: 'vLLM: a model server of your own behind an OpenAI-compatible API.',
  baseUrl: 'http://127.0.0.1:8000/v1',
  prefill: [{ models: /(?:)/, by: 'continue' }],
  protocols: ['openai-chat', 'openai-responses', 'openai-embeddings'],
});
