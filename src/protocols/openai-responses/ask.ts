import type { Failure, ReadAsk, Result } from '#contracts';
import { err, ok } from '#contracts';
import {
  areParts,
  countParts,
  isCount,
  isFlag,
  isList,
  isName,
  isRecord,
  isTextOrList,
  number,
  parseAsk,
  wrong,
} from '../shared/ask.ts';
import { isObject, type Json, list, object, word } from '../shared/json.ts';
import { modelSpan } from '../shared/model-span.ts';

const IMAGES: ReadonlySet<string> = new Set(['input_image', 'computer_screenshot']);
const AUDIOS: ReadonlySet<string> = new Set(['input_audio']);

export function readAsk(body: Uint8Array): Result<ReadAsk> {
  const parsed = parseAsk(body);
  if (!parsed.ok) return parsed;
  const ask = parsed.value;
  const problem = check(ask);
  if (problem) return err(problem);

  let images = 0;
  let audios = 0;
  const items = list(ask.input);
  for (const item of items) {
    for (const content of [(item as Json).content, (item as Json).output]) {
      if (!Array.isArray(content)) continue;
      images += countParts(content, IMAGES);
      audios += countParts(content, AUDIOS);
    }
  }
  const format = object(object(ask.text).format).type;
  const maxOutput = number(ask.max_output_tokens);
  const model = word(ask.model);
  return ok({
    facets: {
      model: model ?? '',
      stream: ask.stream === true,
      turns: typeof ask.input === 'string' ? 1 : items.length,
      tools: list(ask.tools).length,
      images,
      audios,
      structured: format === 'json_schema' || format === 'json_object',
      choices: 1,
      ...(maxOutput === undefined ? {} : { maxOutput }),
      stops: 0,
      bytes: body.length,
    },
    // Looked for only where a route maps the model.
    get modelSpan() {
      return model ? modelSpan(body) : undefined;
    },
  });
}

const check = (ask: Json): Failure | undefined =>
  // A stored prompt may name the model instead.
  (isObject(ask.prompt) && (ask.model === undefined || ask.model === null)
    ? undefined
    : isName(ask, 'model')) ??
  isTextOrList(ask, 'input', 'a string or an array of items') ??
  areItems(ask.input) ??
  isTextOrList(ask, 'instructions', 'a string') ??
  isFlag(ask, 'stream') ??
  isCount(ask, 'max_output_tokens', 0) ??
  isList(ask, 'tools', 'tools') ??
  isRecord(ask, 'text') ??
  isRecord(ask, 'reasoning');

function areItems(input: unknown): Failure | undefined {
  if (!Array.isArray(input)) return undefined;
  for (let i = 0; i < input.length; i++) {
    const item: unknown = input[i];
    if (!isObject(item)) return wrong(`input[${i}]`, item, 'an object with a `role` or a `type`');
    if (word(item.type) === undefined && word(item.role) === undefined)
      return wrong(`input[${i}].role`, item.role, 'a role such as "user", or the item needs a `type`');
    if (item.role === undefined) continue;
    const problem = areParts(item.content, `input[${i}].content`);
    if (problem) return problem;
  }
  return undefined;
}
