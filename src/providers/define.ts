import { z } from 'zod';
import { type Dialect, defineMember, type PrefillRule, type Provider, type ProviderCall } from '#contracts';

export const defineProvider = <P extends Provider>(provider: P): Readonly<P> =>
  defineMember('provider', provider);

/** Every provider that asks for nothing but a key. */
export const noSettings = z.looseObject({});

export interface OpenAiLike {
  readonly name: string;
  readonly summary: string;
  readonly baseUrl: string;
  readonly keyVariable?: string;
  readonly priceId?: string;
  /** Protocols it serves; by default chat completions and embeddings, which is what most copies of the API have. */
  readonly protocols?: readonly string[];
  readonly prefill?: readonly PrefillRule[];
  readonly limitWord?: Provider['limitWord'];
  /** Headers it wants beside the credential. */
  readonly headers?: readonly (readonly [string, string])[];
}

/** A provider that speaks like OpenAI is data: where it lives, how its key is called, what it serves. */
export const openAiLike = (data: OpenAiLike): Provider =>
  defineProvider({
    name: data.name,
    version: 1,
    summary: data.summary,
    params: noSettings,
    dialects: ['openai'] as const,
    baseUrl: { openai: data.baseUrl },
    ...(data.keyVariable && { keyVariable: data.keyVariable }),
    ...(data.prefill && { prefill: data.prefill }),
    ...(data.limitWord && { limitWord: data.limitWord }),
    ...(data.priceId && { priceId: data.priceId }),
    protocols: data.protocols ?? ['openai-chat', 'openai-embeddings'],
    request: (call) => ({ url: join(call), headers: [...bearer(call), ...(data.headers ?? [])] }),
  });

export const join = (call: ProviderCall): string => `${call.baseUrl}${call.path}`;

export const bearer = (call: ProviderCall): [string, string][] =>
  call.apiKey ? [['authorization', `Bearer ${call.apiKey}`]] : [];

/** Does this provider serve the protocol at all? Decides between a clear 400 and a try. */
export const serves = (
  provider: Provider,
  protocol: { readonly name: string; readonly dialect: Dialect },
): boolean =>
  provider.dialects.includes(protocol.dialect) &&
  (!provider.protocols || provider.protocols.includes(protocol.name));
