import type { Call } from './call.ts';
import { anthropicMessages } from './dialects/anthropic-messages/index.ts';
import { anthropicWording } from './dialects/anthropic-wording.ts';
import type { Dialect, Wording } from './dialects/dialect.ts';
import { openaiChat } from './dialects/openai-chat/index.ts';
import { openaiResponses } from './dialects/openai-responses/index.ts';
import { openaiWording } from './dialects/openai-wording.ts';

export type Endpoint =
  | {
      readonly does: 'generate';
      readonly name: string;
      readonly dialect: Dialect;
      readonly deployment?: string;
    }
  | { readonly does: 'embed'; readonly name: string; readonly deployment?: string }
  | { readonly does: 'count'; readonly name: string }
  | { readonly does: 'models'; readonly name: string; readonly id?: string }
  /** Ours, of no provider: what was billed so far. */
  | { readonly does: 'bill'; readonly name: string }
  | { readonly does: 'nothing'; readonly name: string; readonly status: 404 | 405 };

export interface Place {
  readonly endpoint: Endpoint;
  readonly wording: Wording;
  readonly family: 'openai' | 'anthropic';
  /** From a path that starts with `/region/<name>`, so that two base URLs can be two regions. */
  readonly region?: string;
}

const TAIL =
  /\/(chat\/completions|responses|embeddings|messages\/count_tokens|messages|models(?:\/[^/]+)?)\/?$/;

const BILL = '/sim/bill';

/** Found by the end of the path: a base URL may carry any prefix (`/v1`, `/openai/deployments/…`, `/api/v1`). */
export function placeOf(call: Call): Place {
  const { method, path } = call;
  const region = /^\/region\/([^/]+)\//.exec(path)?.[1];
  const bill = method === 'GET' && path === BILL;
  const tail = TAIL.exec(path)?.[1] ?? '';
  const anthropic = tail.startsWith('messages') || call.header('anthropic-version') !== undefined;
  const family = anthropic && tail !== 'chat/completions' && tail !== 'responses' ? 'anthropic' : 'openai';
  return {
    endpoint: bill
      ? { does: 'bill', name: 'bill' }
      : endpointAt(tail, method, /\/deployments\/([^/]+)\//.exec(path)?.[1]),
    wording: family === 'anthropic' ? anthropicWording : openaiWording,
    family,
    region: call.header('x-sim-region') ?? region,
  };
}

function endpointAt(tail: string, method: string, deployment: string | undefined): Endpoint {
  if (tail === '') return { does: 'nothing', name: 'nothing', status: 404 };
  const reads = tail.startsWith('models');
  if (method !== (reads ? 'GET' : 'POST')) return { does: 'nothing', name: 'nothing', status: 405 };
  switch (tail) {
    case 'chat/completions':
      return { does: 'generate', name: openaiChat.name, dialect: openaiChat, deployment };
    case 'responses':
      return { does: 'generate', name: openaiResponses.name, dialect: openaiResponses, deployment };
    case 'messages':
      return { does: 'generate', name: anthropicMessages.name, dialect: anthropicMessages };
    case 'messages/count_tokens':
      return { does: 'count', name: 'anthropic-count-tokens' };
    case 'embeddings':
      return { does: 'embed', name: 'openai-embeddings', deployment };
    default:
      return { does: 'models', name: 'models', id: tail.split('/')[1] };
  }
}
