import type { Failure, Result } from '#contracts';
import { failure } from './failures.ts';
import { decode, isObject, type Json, parseJson } from './json.ts';

/**
 * Light checks of an ask on the hot path: only what Midwatch itself relies on. Everything else is the provider's to
 * judge, so that a field nobody has heard of yet passes through.
 */
export function parseAsk(body: Uint8Array): Result<Json> {
  if (body.length === 0) return bad('', 'The body is empty; it should be a JSON object.');
  const parsed = parseJson(decode(body));
  if (!parsed) return bad('', 'The body is not valid JSON; check commas, quotes and the Content-Length.');
  if (!isObject(parsed.value))
    return bad('', `The body is ${kindOf(parsed.value)}; it should be a JSON object.`);
  return { ok: true, value: parsed.value };
}

const bad = (param: string, hint: string): { readonly ok: false; readonly error: Failure } => ({
  ok: false,
  error: failure('bad_request', hint, param === '' ? {} : { param }),
});

export function wrong(param: string, value: unknown, should: string): Failure {
  const is = value === undefined ? 'is missing' : `is ${kindOf(value)}`;
  return failure('bad_request', `\`${param}\` ${is}; it should be ${should}.`, { param });
}

export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (value === '') return 'an empty string';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'number') return `the number ${value}`;
  return typeof value === 'boolean' ? String(value) : `a ${typeof value}`;
}

// Each check answers undefined when all is well, so that checks are chained with `??`. Null means «not given», as both
// SDKs have it for every optional field.

export const isName = (ask: Json, field: string): Failure | undefined =>
  typeof ask[field] === 'string' && ask[field] !== ''
    ? undefined
    : wrong(field, ask[field], 'the name of a model');

export const isFlag = (ask: Json, field: string): Failure | undefined =>
  ask[field] === undefined || ask[field] === null || typeof ask[field] === 'boolean'
    ? undefined
    : wrong(field, ask[field], 'true or false');

export const isCount = (ask: Json, field: string, least = 1): Failure | undefined => {
  const value = ask[field];
  if (value === undefined || value === null) return undefined;
  return Number.isInteger(value) && (value as number) >= least
    ? undefined
    : wrong(field, value, `a whole number from ${least}`);
};

export const isList = (ask: Json, field: string, of: string): Failure | undefined => {
  const value = ask[field];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) return wrong(field, value, `an array of ${of}`);
  const at = value.findIndex((item) => !isObject(item));
  return at === -1 ? undefined : wrong(`${field}[${at}]`, value[at], 'an object');
};

export const isTextOrList = (ask: Json, field: string, should: string): Failure | undefined => {
  const value = ask[field];
  return value === undefined || value === null || typeof value === 'string' || Array.isArray(value)
    ? undefined
    : wrong(field, value, should);
};

export const isRecord = (ask: Json, field: string): Failure | undefined => {
  const value = ask[field];
  return value === undefined || value === null || isObject(value)
    ? undefined
    : wrong(field, value, 'an object');
};

/** Messages of both chat dialects: objects with a role, whose content is text or a list of parts with a type. */
export function areMessages(ask: Json, field: string): Failure | undefined {
  const messages = ask[field];
  if (!Array.isArray(messages) || messages.length === 0)
    return wrong(field, messages, 'a non-empty array of messages');
  for (let i = 0; i < messages.length; i++) {
    const message: unknown = messages[i];
    if (!isObject(message)) return wrong(`${field}[${i}]`, message, 'an object with `role` and `content`');
    if (typeof message.role !== 'string' || message.role === '')
      return wrong(`${field}[${i}].role`, message.role, 'a role such as "user"');
    const problem = areParts(message.content, `${field}[${i}].content`);
    if (problem) return problem;
  }
  return undefined;
}

export function areParts(content: unknown, path: string): Failure | undefined {
  if (content === undefined || content === null || typeof content === 'string') return undefined;
  if (!Array.isArray(content)) return wrong(path, content, 'a string or an array of parts');
  for (let i = 0; i < content.length; i++) {
    const part: unknown = content[i];
    if (!isObject(part)) return wrong(`${path}[${i}]`, part, 'an object with a `type`');
    if (typeof part.type !== 'string') return wrong(`${path}[${i}].type`, part.type, 'a type such as "text"');
  }
  return undefined;
}

/** How many parts of the given types stand in a content; parts inside tool results count too. */
export function countParts(content: unknown, types: ReadonlySet<string>): number {
  if (!Array.isArray(content)) return 0;
  let n = 0;
  for (const part of content) {
    if (!isObject(part)) continue;
    if (types.has(part.type as string)) n++;
    else if (Array.isArray(part.content)) n += countParts(part.content, types);
  }
  return n;
}

export const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;
