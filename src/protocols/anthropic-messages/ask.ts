import type { Failure, ReadAsk, Result } from '#contracts';
import { err, ok } from '#contracts';
import {
  areMessages,
  areParts,
  countParts,
  isCount,
  isFlag,
  isList,
  isName,
  isRecord,
  number,
  parseAsk,
  wrong,
} from '../shared/ask.ts';
import { isObject, type Json, list, object } from '../shared/json.ts';
import { modelSpan } from '../shared/model-span.ts';

const IMAGES: ReadonlySet<string> = new Set(['image']);

export const readAsk = (body: Uint8Array): Result<ReadAsk> =>
  readWith(body, (ask) =>
    ask.max_tokens === undefined || ask.max_tokens === null
      ? wrong('max_tokens', ask.max_tokens, 'a whole number from 0')
      : undefined,
  );

/** For `/messages` and `/messages/count_tokens`, which asks the same thing without `max_tokens`. */
export function readWith(body: Uint8Array, also: (ask: Json) => Failure | undefined): Result<ReadAsk> {
  const parsed = parseAsk(body);
  if (!parsed.ok) return parsed;
  const ask = parsed.value;
  const problem = check(ask) ?? also(ask);
  if (problem) return err(problem);

  const messages = list(ask.messages);
  let images = 0;
  for (const message of messages) {
    const content = (message as Json).content;
    if (typeof content !== 'string') images += countParts(content, IMAGES);
  }
  const maxOutput = number(ask.max_tokens);
  return ok({
    facets: {
      model: ask.model as string,
      stream: ask.stream === true,
      turns: messages.length,
      tools: list(ask.tools).length,
      images,
      audios: 0,
      structured: isObject(object(ask.output_config).format) || isObject(ask.output_format),
      choices: 1,
      ...(maxOutput === undefined ? {} : { maxOutput }),
      stops: list(ask.stop_sequences).length,
      bytes: body.length,
    },
    // Looked for only where a route maps the model.
    get modelSpan() {
      return modelSpan(body);
    },
  });
}

const check = (ask: Json): Failure | undefined =>
  isName(ask, 'model') ??
  areMessages(ask, 'messages') ??
  areParts(ask.system, 'system') ??
  isFlag(ask, 'stream') ??
  isCount(ask, 'max_tokens', 0) ??
  isList(ask, 'tools', 'tools') ??
  areStops(ask.stop_sequences) ??
  isRecord(ask, 'tool_choice') ??
  isRecord(ask, 'thinking') ??
  isRecord(ask, 'output_config');

const areStops = (value: unknown): Failure | undefined =>
  value === undefined || value === null || Array.isArray(value)
    ? undefined
    : wrong('stop_sequences', value, 'an array of strings');
