import type { TranslateContext } from '#contracts';
import { decode, isObject, type Json, parseJson } from '../shared/json.ts';
import type { Sink } from './neutral.ts';

/** Writes one stream of the caller's dialect: told an answer, it gathers events until they are taken. */
export interface StreamWriter extends Sink {
  /** The events since the last call, whole; empty when there are none. */
  take(): string;
  readonly ended: boolean;
}

/** The caller's own ask, read for what the answer has to repeat or may show. Never fails: an ask was readable once. */
export function askOf(context: TranslateContext): Json {
  const parsed = parseJson(decode(context.ask))?.value;
  return isObject(parsed) ? parsed : {};
}
