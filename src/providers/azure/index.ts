import { z } from 'zod';
import { defineProvider } from '../define.ts';

const params = z.looseObject({
  apiVersion: z.string().default('2024-10-21').describe('Value of the api-version query parameter.'),
  deployment: z.string().optional().describe('Deployment name; by default the model name.'),
});

/**
 * Azure names a deployment in the path where OpenAI names a model in the body, and wants the key in `api-key`.
 * A base URL that ends in `/openai/v1` is Azure's newer surface, which takes OpenAI's own paths.
 */
export const azure = defineProvider({
  name: 'azure',
  version: 1,
  summary: 'Azure OpenAI: deployments in the path, an api-version in the query.',
  params,
  dialects: ['openai'] as const,
  baseUrl: {},
  keyVariable: 'AZURE_OPENAI_API_KEY',
  priceId: 'azure',
  limitWord: 'max_completion_tokens',
  protocols: ['openai-chat', 'openai-responses', 'openai-embeddings'],
  request(call) {
    const settings = params.parse(call.settings);
    const headers = call.apiKey ? [['api-key', call.apiKey] as const] : [];
    if (/\/openai\/v1$/.test(call.baseUrl)) return { url: `${call.baseUrl}${call.path}`, headers };
    const version = `api-version=${encodeURIComponent(settings.apiVersion)}`;
    const root = call.baseUrl.replace(/\/openai$/, '');
    if (call.path === '/responses') return { url: `${root}/openai/responses?${version}`, headers };
    const deployment = encodeURIComponent((settings.deployment ?? call.model).toWellFormed());
    return { url: `${root}/openai/deployments/${deployment}${call.path}?${version}`, headers };
  },
});
