import { openAiLike } from '../define.ts';

export const mistral = openAiLike({
  name: 'mistral',
  summary: 'Mistral: OpenAI-compatible chat and embeddings.',
  baseUrl: 'https://api.mistral.ai/v1',
  keyVariable: 'MISTRAL_API_KEY',
  priceId: 'mistral',
  prefill: [{ models: /^(?!.*magistral)/, by: 'prefix' }],
});
