import { seeded } from '#kernel';
import type { Asked } from '../../asked.ts';
import type { Json, JsonObject } from '../../call.ts';
import { badRequest, type Problem } from '../../problem.ts';
import { inputTokens } from '../../tokens.ts';
import type { Rendering } from '../dialect.ts';
import { checkFields, missing, wrongType, wrongValue } from '../openai-checks.ts';

const MOST_INPUTS = 2048;
/** Tokens of one input. */
const WINDOW = 8192;

export function readEmbeddings(body: JsonObject): Asked | Problem {
  const { model, input } = body;
  if (model === undefined || model === null || model === '')
    return badRequest('you must provide a model parameter');
  if (typeof model !== 'string') return wrongType('model', 'a string', model);
  if (input === undefined || input === null) return missing('input');
  const broken = checkFields(body, [['dimensions', 'integer', 1, 4096]]);
  if (broken) return broken;
  const format = body.encoding_format;
  if (format !== undefined && format !== null && format !== 'float' && format !== 'base64')
    return wrongValue('encoding_format', format, ['float', 'base64']);
  const inputs = inputsOf(input);
  if (!inputs || inputs.length === 0 || inputs.includes(''))
    return badRequest(
      "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.",
    );
  if (inputs.length > MOST_INPUTS)
    return badRequest(`Too many inputs. The max number of inputs is ${MOST_INPUTS}.`, 'input');
  const longest = Math.max(...inputs.map(inputTokens));
  if (longest > WINDOW)
    return badRequest(
      `This model's maximum context length is ${WINDOW} tokens, however you requested ${longest} tokens (${longest} in your prompt; 0 for the completion). Please reduce your prompt; or completion length.`,
    );
  return {
    model,
    stream: false,
    turns: inputs.map((text) => ({ role: 'user', text })),
    tools: [],
    toolChoice: 'none',
    parallel: false,
    json: false,
    stops: [],
    choices: 1,
    reasoning: { on: false, shown: false },
    segments: inputs.map((text) => ({ text })),
    raw: body,
  };
}

/** A text, texts, token ids or lists of token ids. */
function inputsOf(input: Json): string[] | undefined {
  if (typeof input === 'string') return [input];
  if (!Array.isArray(input)) return undefined;
  if (input.every((item) => typeof item === 'string')) return input;
  // A token id stands for four bytes, so that counting by size gives the number of ids.
  const ids = (list: readonly Json[]) => list.map((id) => String(id).padStart(4, '0').slice(-4)).join('');
  if (input.every((item) => typeof item === 'number')) return [ids(input)];
  return input.every((item) => Array.isArray(item))
    ? input.map((item) => ids(item as readonly Json[]))
    : undefined;
}

export function writeEmbeddings(asked: Asked, tokens: number, rendering: Rendering): string {
  const { raw } = asked;
  const size = typeof raw.dimensions === 'number' ? raw.dimensions : /large/.test(asked.model) ? 3072 : 1536;
  const data = asked.turns.map(({ text }, index) => {
    const vector = unitVector(text, size);
    return {
      object: 'embedding',
      index,
      embedding:
        raw.encoding_format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector],
    };
  });
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  return JSON.stringify({
    object: 'list',
    data,
    model: rendering.model,
    usage: rendering.showUsage ? usage : undefined,
  });
}

/** Coordinates that one word moves. Enough that two words rarely share them, few enough that long texts stay cheap. */
const TOUCHED = 48;

/**
 * Feature hashing (Weinberger et al. 2009): each word adds +1 or -1 at a few coordinates, so texts that share words lie
 * close together and a search over them makes sense. Of the text alone: equal texts, equal vectors, whatever the seed.
 */
function unitVector(text: string, size: number): Float32Array {
  const vector = new Float32Array(size);
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [text];
  for (const word of words.slice(0, 4096)) {
    const random = seeded(word);
    for (let i = 0; i < TOUCHED; i++) {
      const at = Math.floor(random() * size);
      vector[at] = (vector[at] as number) + (random() < 0.5 ? -1 : 1);
    }
  }
  let squares = 0;
  for (const x of vector) squares += x * x;
  // A text whose words cancel out exactly still needs a direction.
  if (squares === 0) vector[0] = squares = 1;
  const norm = Math.sqrt(squares);
  return vector.map((x) => x / norm);
}
