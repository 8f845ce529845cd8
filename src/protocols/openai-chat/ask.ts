import type { Failure, ReadAsk, Result } from '#contracts';
import { err, ok } from '#contracts';
import {
  areMessages,
  countParts,
  isCount,
  isFlag,
  isList,
  isName,
  isRecord,
  isTextOrList,
  number,
  parseAsk,
} from '../shared/ask.ts';
import type { Json } from '../shared/json.ts';
import { list, object } from '../shared/json.ts';
import { modelSpan } from '../shared/model-span.ts';

const IMAGES: ReadonlySet<string> = new Set(['image_url']);
const AUDIOS: ReadonlySet<string> = new Set(['input_audio']);

export function readAsk(body: Uint8Array): Result<ReadAsk> {
  const parsed = parseAsk(body);
  if (!parsed.ok) return parsed;
  const ask = parsed.value;
  const problem = check(ask);
  if (problem) return err(problem);

  let images = 0;
  let audios = 0;
  const messages = list(ask.messages);
  for (const message of messages) {
    const content = (message as Json).content;
    if (typeof content === 'string') continue;
    images += countParts(content, IMAGES);
    audios += countParts(content, AUDIOS);
  }
  const format = object(ask.response_format).type;
  const maxOutput = number(ask.max_completion_tokens) ?? number(ask.max_tokens);
  return ok({
    facets: {
      model: ask.model as string,
      stream: ask.stream === true,
      turns: messages.length,
      tools: list(ask.tools).length + list(ask.functions).length,
      images,
      audios,
      structured: format === 'json_schema' || format === 'json_object',
      choices: number(ask.n) ?? 1,
      maxOutput,
      stops: typeof ask.stop === 'string' ? 1 : list(ask.stop).length,
      bytes: body.length,
    },
    asksUsage: object(ask.stream_options).include_usage === true,
    // Looked for only where a route maps the model.
    get modelSpan() {
      return modelSpan(body);
    },
  });
}

const check = (ask: Json): Failure | undefined =>
  isName(ask, 'model') ??
  areMessages(ask, 'messages') ??
  isFlag(ask, 'stream') ??
  isCount(ask, 'n') ??
  isCount(ask, 'max_tokens', 0) ??
  isCount(ask, 'max_completion_tokens', 0) ??
  isList(ask, 'tools', 'tools') ??
  isTextOrList(ask, 'stop', 'a string or an array of strings') ??
  isRecord(ask, 'response_format') ??
  isRecord(ask, 'stream_options');
