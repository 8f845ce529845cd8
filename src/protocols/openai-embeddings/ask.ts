import type { Failure, ReadAsk, Result } from '#contracts';
import { err, ok } from '#contracts';
import { isCount, isName, parseAsk, wrong } from '../shared/ask.ts';
import type { Json } from '../shared/json.ts';
import { modelSpan } from '../shared/model-span.ts';

export function readAsk(body: Uint8Array): Result<ReadAsk> {
  const parsed = parseAsk(body);
  if (!parsed.ok) return parsed;
  const ask = parsed.value;
  const problem = check(ask);
  if (problem) return err(problem);
  return ok({
    facets: {
      model: ask.model as string,
      stream: false,
      turns: inputsOf(ask.input).length,
      tools: 0,
      images: 0,
      audios: 0,
      structured: false,
      choices: 1,
      stops: 0,
      bytes: body.length,
    },
    // Looked for only where a route maps the model.
    get modelSpan() {
      return modelSpan(body);
    },
  });
}

const check = (ask: Json): Failure | undefined =>
  isName(ask, 'model') ?? isInput(ask.input) ?? isCount(ask, 'dimensions');

const isInput = (input: unknown): Failure | undefined =>
  (typeof input === 'string' && input !== '') || (Array.isArray(input) && input.length > 0)
    ? undefined
    : wrong('input', input, 'a string, an array of strings or an array of tokens');

/** A string and a list of token numbers are one input each. */
export function inputsOf(input: unknown): readonly unknown[] {
  if (!Array.isArray(input)) return [input];
  return typeof input[0] === 'number' ? [input] : input;
}
