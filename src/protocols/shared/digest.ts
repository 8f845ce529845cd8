import type { Axes, BodyHash, ChainHash, ChainLink, Digest, ReleaseId } from '#contracts';
import { canonical, hashBody, hashLink, sha256 } from '#kernel';
import { decode, encode, isObject, type Json, parseJson } from './json.ts';

/** An ask taken apart by its dialect. Values are stored as canonical JSON. */
export interface TakenApart {
  readonly model?: string;
  /** System prompt first where the dialect keeps it apart. Already normalised. */
  readonly messages: readonly unknown[];
  readonly tools?: unknown;
  readonly schema?: unknown;
  readonly envelope: Json;
}

/** Members of an ask that steer sampling, over all dialects. None of them means something else in another one. */
const SAMPLING = [
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'seed',
  'n',
  'stop',
  'stop_sequences',
  'max_tokens',
  'max_completion_tokens',
  'max_output_tokens',
  'presence_penalty',
  'frequency_penalty',
  'repetition_penalty',
  'logit_bias',
  'reasoning_effort',
  'reasoning',
  'thinking',
  'output_config',
  'verbosity',
  'text',
  'modalities',
  'dimensions',
  'encoding_format',
] as const;

/**
 * The chain of an empty list: a name that no link carries, since there is nothing to link. An ask may have no messages
 * at all (`/responses` with a stored prompt).
 */
export const EMPTY_CHAIN = sha256('').slice(0, 32) as ChainHash;

export function digestOf(
  ask: Uint8Array,
  answer: Uint8Array | undefined,
  declared: Axes,
  takeApart: (ask: Json) => TakenApart,
  normalise: (message: unknown) => unknown,
): Digest {
  const bodies = new Map<BodyHash, Uint8Array>();
  const links = new Map<ChainHash, ChainLink>();
  const keep = (value: unknown): BodyHash => {
    const body = encode(canonical(value));
    const hash = hashBody(body);
    bodies.set(hash, body);
    return hash;
  };

  const parsed = parseJson(decode(ask))?.value;
  const apart = isObject(parsed) ? takeApart(parsed) : undefined;
  const own: Record<string, string> = {};
  let record: Digest['ask'];
  if (apart) {
    let chain: ChainHash | undefined;
    let prompt: ChainHash | undefined;
    let leading = true;
    for (const message of apart.messages) {
      const body = keep(message);
      const link = hashLink(chain, body);
      links.set(link, chain === undefined ? { message: body } : { before: chain, message: body });
      chain = link;
      leading &&= isPrompt(message);
      if (leading) prompt = link;
    }
    const tools = apart.tools === undefined ? undefined : keep(apart.tools);
    const schema = apart.schema === undefined ? undefined : keep(apart.schema);
    record = {
      messages: chain ?? EMPTY_CHAIN,
      length: apart.messages.length,
      ...(tools ? { tools } : {}),
      ...(schema ? { schema } : {}),
      envelope: keep(apart.envelope),
    };
    if (apart.model) own.model = apart.model;
    if (prompt) own.prompt = prompt;
    if (tools) own.tools = tools;
    else if (apart.envelope.functions !== undefined) own.tools = short(apart.envelope.functions);
    const sampling = samplingOf(apart.envelope);
    if (sampling !== undefined) own.sampling = sampling;
    if (schema) own.schema = schema;
  }

  const axes: Axes = { ...own, ...present(declared) };
  const messages = answer === undefined ? undefined : parseJson(decode(answer))?.value;
  return {
    axes,
    release: short(axes) as ReleaseId,
    ...(record ? { ask: record } : {}),
    ...(Array.isArray(messages)
      ? { answer: { messages: messages.map((message) => keep(normalise(message))) } }
      : {}),
    bodies,
    links,
  };
}

const isPrompt = (message: unknown): boolean =>
  isObject(message) && (message.role === 'system' || message.role === 'developer');

const short = (value: unknown): string => sha256(canonical(value)).slice(0, 32);

function samplingOf(envelope: Json): string | undefined {
  const sampling: Json = {};
  let any = false;
  for (const key of SAMPLING) {
    const value = envelope[key];
    if (value === undefined || value === null) continue;
    sampling[key] = value;
    any = true;
  }
  return any ? short(sampling) : undefined;
}

function present(axes: Axes): Axes {
  const out: Record<string, string> = {};
  for (const [axis, value] of Object.entries(axes))
    if (value !== undefined && value !== '') out[axis] = value;
  return out;
}

/**
 * Drops members that say nothing (null, empty array), so that an assistant message which a client sends back hashes like
 * the one assembled from the answer: SDKs fill in `refusal: null`, `annotations: []` and the like, and many callers strip
 * them again. One level only: below it, in a tool's input, null is a value.
 */
export function withoutBlanks(value: unknown): unknown {
  if (!isObject(value)) return value;
  const out: Json = {};
  for (const key in value) {
    const member = value[key];
    if (member !== null && !(Array.isArray(member) && member.length === 0)) out[key] = member;
  }
  return out;
}

/** The envelope: what is left of an ask without the members taken out of it. */
export function without(ask: Json, ...taken: readonly string[]): Json {
  const out: Json = {};
  for (const key in ask) if (!taken.includes(key)) out[key] = ask[key];
  return out;
}

export const filled = (value: unknown): value is readonly unknown[] =>
  Array.isArray(value) && value.length > 0;
