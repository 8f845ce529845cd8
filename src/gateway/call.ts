import type { Failure, ReadAsk, TransportRequest } from '#contracts';
import { replaceSpan } from '#kernel';
import type { CallHead, Said } from './headers.ts';
import type { Limits, SetLimit } from './limits.ts';
import type { Step, Tongues } from './plan.ts';
import type { Walk } from './walk.ts';

/** What of the caller's own request a call is made of, beside its body. */
export interface Errand {
  readonly said: Said;
  readonly query: string;
  readonly ask: ReadAsk;
  /** Changes the body as the target would get it; undefined where that cannot be, and then nobody is asked. */
  readonly rewrite?: (protocol: string, body: Uint8Array) => Uint8Array | undefined;
}

/** A call that is written. */
export interface Written {
  readonly request: TransportRequest;
  /** Declared losses of its translation. */
  readonly losses?: readonly string[];
  /** It asks for usage that the caller did not ask for. */
  readonly wished?: boolean;
  /** A limit of the answer that the caller did not name. */
  readonly limit?: SetLimit | undefined;
  /** It asks for usage, whoever wants it. */
  readonly asksUsage: boolean;
}

export interface CallContext extends Pick<Tongues, 'withoutForeignThoughts'> {
  readonly limits: Limits;
}

/** The call as the target wants it; a failure when it cannot be put that way, and then nobody is asked. */
export function writeCall(
  { withoutForeignThoughts, limits }: CallContext,
  errand: Errand,
  walk: Walk,
  step: Step,
  model: string,
): Written | Failure {
  const { protocol, translator } = step;
  const head = headOf(errand.said, step, model);
  if ('kind' in head) return head;
  const { url, headers } = head;
  if (translator) {
    const told = translator.ask(walk.body as Uint8Array, { model, maxTokensDefault: MAX_TOKENS });
    if (!told.ok) return told.error;
    const { losses } = told.value;
    const body = rewritten(errand, protocol.name, told.value.body);
    return body
      ? { request: { url, method: 'POST', headers, body }, losses, asksUsage: true }
      : notRewritten(protocol.name);
  }
  const own = withoutForeignThoughts(protocol.name, mapModel(errand.ask, walk, model));
  const plain = rewritten(errand, protocol.name, own);
  if (!plain) return notRewritten(protocol.name);
  const limit =
    walk.route?.config.maxTokens === 'auto' ? limitOf(limits, errand, walk, step, model) : undefined;
  const limited = limit && protocol.limit?.(plain, limit.tokens, step.target.kind.limitWord);
  const body = limited ?? plain;
  const wishes = walk.facets.stream && walk.route?.config.usage === 'ask';
  const wishing = wishes ? protocol.usageWish?.ask(body) : undefined;
  return {
    request: {
      url: errand.query ? `${url}${url.includes('?') ? '&' : '?'}${errand.query}` : url,
      method: 'POST',
      headers,
      body: wishing ?? body,
    },
    ...(wishing && { wished: true }),
    ...(limited && { limit }),
    asksUsage: wishing !== undefined || errand.ask.asksUsage === true,
  };
}

/** None for the end of an answer that another began: what of its length is gone already nobody knows. */
function limitOf(
  limits: Limits,
  { rewrite }: Errand,
  walk: Walk,
  { target }: Step,
  model: string,
): SetLimit | undefined {
  const { maxOutput, choices } = walk.facets;
  if (maxOutput !== undefined || choices > 1 || rewrite) return undefined;
  return limits.of(walk, target.provider, model);
}

const rewritten = ({ rewrite }: Errand, protocol: string, body: Uint8Array): Uint8Array | undefined =>
  rewrite ? rewrite(protocol, body) : body;

const notRewritten = (protocol: string): Failure => ({
  kind: 'dialect_mismatch',
  origin: 'midwatch',
  retryable: false,
  hint: `This ask cannot be put to ${protocol} so that it finishes an answer that another target began.`,
});

/** Where to and with which fields; made once for all calls of a connection that say the same. */
function headOf(said: Said, step: Step, model: string): CallHead | Failure {
  const known = said.calls.get(step);
  if (known?.model === model) return known;
  const { target, protocol, translator } = step;
  const { dialect, path } = protocol;
  const baseUrl = target.baseUrl[dialect];
  if (baseUrl === undefined) return noBaseUrl(target.provider, dialect);
  const { apiKey, settings } = target;
  const { url, headers: own } = target.kind.request({ dialect, baseUrl, path, model, settings, apiKey });
  const headers: Record<string, string> = {};
  for (const name in said.forward)
    if (!translator || !DIALECT_HEADER.test(name)) headers[name] = said.forward[name] as string;
  // A default such as a version header gives way to what the caller sent; a credential of the caller never got this far.
  for (const [name, value] of own) headers[name] ??= value;
  const head: CallHead = { model, url, headers: Object.freeze(headers) };
  said.calls.set(step, head);
  return head;
}

/** Says something in one dialect only. */
const DIALECT_HEADER = /^(anthropic-|openai-|x-stainless-)/;
/** Anthropic wants a limit where OpenAI's callers name none; every current model can write this much. */
const MAX_TOKENS = 8_192;

function mapModel(ask: ReadAsk, walk: Walk, model: string): Uint8Array {
  const body = walk.body as Uint8Array;
  if (model === walk.facets.model) return body;
  const span = ask.modelSpan;
  return span ? replaceSpan(body, span, JSON.stringify(model)) : body;
}

const noBaseUrl = (provider: string, dialect: string): Failure => ({
  kind: 'no_target',
  origin: 'midwatch',
  retryable: true,
  hint: `Provider "${provider}" has no base URL for the ${dialect} dialect; set providers.${provider}.baseUrl.`,
});
