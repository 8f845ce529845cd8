import { decode, encode, isObject, type Json, list, parseJson, word } from '../shared/json.ts';
import { DIALECTS, type DialectName, type Seal } from './neutral.ts';

const MARK = 'midwatch:';

/**
 * A seal as it travels through a dialect that did not make it: a string that says who did, so that it is handed back to
 * its maker only. `midwatch:<dialect>:<s|r>:<id>:<data>`; ids hold no colon.
 */
export const markSeal = (seal: Seal): string =>
  `${MARK}${seal.by}:${seal.redacted ? 'r' : 's'}:${seal.id ?? ''}:${seal.data}`;

/** The marked seal, or undefined for a string that the dialect's own provider made. */
export function readSeal(value: unknown): Seal | undefined {
  const marked = word(value);
  if (!marked?.startsWith(MARK)) return undefined;
  const [by, kind, id, ...data] = marked.slice(MARK.length).split(':');
  const maker = DIALECTS.find((name) => name === by);
  if (!maker) return undefined;
  return {
    by: maker,
    data: data.join(':'),
    ...(kind === 'r' ? { redacted: true } : {}),
    ...(id ? { id } : {}),
  };
}

/** A thought without a seal is marked too: an Anthropic caller must be given one, and every mark can be found again. */
export const sealOr = (seal: Seal | undefined, by: DialectName): Seal => seal ?? { by, data: '' };

/**
 * The ask without thoughts that a translated answer brought into the conversation: a target of the caller's own dialect
 * would refuse what it did not sign. The same bytes when there are none, which costs one native search.
 */
export function withoutForeignThoughts(protocol: string, body: Uint8Array): Uint8Array {
  if (!Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes(MARK)) return body;
  const ask = parseJson(decode(body))?.value;
  if (!isObject(ask)) return body;
  if (protocol === 'openai-responses') {
    if (!Array.isArray(ask.input)) return body;
    const input = list(ask.input).filter((item) => !isForeign(item, 'reasoning', 'encrypted_content'));
    return input.length === ask.input.length ? body : encode(JSON.stringify({ ...ask, input }));
  }
  let changed = false;
  const messages: unknown[] = [];
  for (const message of list(ask.messages)) {
    const clean = isObject(message)
      ? protocol === 'openai-chat'
        ? cleanChat(message)
        : cleanBlocks(message)
      : message;
    if (clean !== message) changed = true;
    if (clean !== undefined) messages.push(clean);
  }
  return changed ? encode(JSON.stringify({ ...ask, messages })) : body;
}

const isForeign = (value: unknown, type: string, member: string): boolean =>
  isObject(value) && value.type === type && readSeal(value[member]) !== undefined;

function cleanChat(message: Json): Json {
  const foreign = list(message.reasoning_details).some(
    (detail) => isObject(detail) && (readSeal(detail.signature) ?? readSeal(detail.data)) !== undefined,
  );
  if (!foreign) return message;
  const { reasoning_details: _, reasoning_content: __, ...rest } = message;
  return rest;
}

/** A turn that was nothing but thoughts goes altogether: Anthropic refuses an empty one. */
function cleanBlocks(message: Json): Json | undefined {
  if (!Array.isArray(message.content)) return message;
  const content = list(message.content).filter(
    (block) => !isForeign(block, 'thinking', 'signature') && !isForeign(block, 'redacted_thinking', 'data'),
  );
  if (content.length === message.content.length) return message;
  return content.length === 0 ? undefined : { ...message, content };
}
