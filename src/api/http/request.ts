import type { z } from 'zod';
import { badRequest, invalid, Refusal } from './refusal.ts';

/** Largest request of the control plane is a key's description; a body beyond this is a mistake or an attack. */
const MAX_BODY = 64 * 1024;

/**
 * Unknown and repeated parameters are refused: a misspelt filter that is silently ignored shows a wrong list that looks
 * right. Empty values count as absent, as an untouched form field sends them.
 */
export function readQuery<S extends z.ZodObject>(schema: S, search: URLSearchParams): z.output<S> {
  const known = Object.keys(schema.shape);
  const raw = new Map<string, string>();
  for (const [name, value] of search) {
    if (!known.includes(name))
      throw badRequest(
        `Unknown parameter "${name}".`,
        known.length ? `Known parameters: ${known.join(', ')}.` : 'This path takes no parameters.',
      );
    if (raw.has(name)) throw badRequest(`Parameter "${name}" is given twice.`, 'Give it once.');
    if (value.includes('\0')) throw nul();
    if (value !== '') raw.set(name, value);
  }
  const parsed = schema.safeParse(Object.fromEntries(raw));
  if (!parsed.success) throw invalid(parsed.error, 'parameter', known);
  // Nothing here is ever so large, and the database has columns in which it would not fit.
  for (const [name, value] of Object.entries(parsed.data))
    if (typeof value === 'number' && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER))
      throw badRequest(`Parameter "${name}" is out of range.`, 'Give a number below 9e15.');
  return parsed.data;
}

export async function readBody<S extends z.ZodType>(schema: S, request: Request): Promise<z.output<S>> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  // Also the first half of cross-site protection: a form on another site cannot send this type.
  if (type !== 'application/json')
    throw new Refusal(
      415,
      'unsupported_media_type',
      `The body must be JSON, not ${type ?? 'untyped'}.`,
      'Send the header content-type: application/json.',
    );
  const text = await readText(request);
  if (text.includes('\\u0000')) throw nul();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badRequest('The body is not valid JSON.', 'Send one JSON object.');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    throw invalid(parsed.error, 'field', 'shape' in schema ? Object.keys(schema.shape as object) : []);
  return parsed.data;
}

/** Postgres keeps no NUL in a text; better said here than found there. */
const nul = (): Refusal => badRequest('A text holds the character U+0000.', 'Leave it out.');

/** Reads at most `MAX_BODY`, whatever the declared length says. */
async function readText(request: Request): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BODY)
      throw new Refusal(
        413,
        'too_large',
        `The body is larger than ${MAX_BODY} bytes.`,
        'Send only the fields this request knows.',
      );
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
