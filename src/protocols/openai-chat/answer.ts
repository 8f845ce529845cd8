import type { Failure, Observed, Outcome, Reading, Usage } from '#contracts';
import { NO_USAGE } from '#contracts';
import { failure } from '../shared/failures.ts';
import {
  decodeAnswer,
  encode,
  isJson,
  isObject,
  type Json,
  list,
  object,
  parseJson,
  text,
  word,
} from '../shared/json.ts';
import { openaiInBand } from '../shared/openai-errors.ts';
import { openaiUsage } from '../shared/openai-usage.ts';
import { outcomeOf, together } from '../shared/outcomes.ts';
import { failureOutcome, unreadable } from '../shared/readings.ts';

/** One choice, whole (from a unary answer) or assembled from deltas. */
export interface Choice {
  readonly message: Json;
  readonly finish: string | undefined;
  /** A stop sequence that matched, from servers that tell (`stop_reason` of vLLM, `matched_stop` of SGLang). */
  readonly matchedStop: boolean;
}

export function readAnswer(body: Uint8Array): Reading {
  const parsed = parseJson(decodeAnswer(body));
  if (!parsed || !isObject(parsed.value)) return unreadable();
  const answer = parsed.value;
  const choices: Choice[] = [];
  for (const choice of list(answer.choices)) if (isObject(choice)) choices.push(wholeChoice(choice));
  return read(choices, {
    error: errorOf(answer),
    usage: openaiUsage(answer.usage),
    observed: observedOf(answer),
    closed: true,
  });
}

/** OpenRouter puts the error of an answer it had begun into the choice. */
export function errorOf(answer: Json): Failure | undefined {
  const error = answer.error ?? list(answer.choices).find((choice) => object(choice).error);
  if (error) return openaiInBand(object(error).error ?? error);
  return undefined;
}

const wholeChoice = (choice: Json): Choice => ({
  message: object(choice.message),
  finish: word(choice.finish_reason),
  matchedStop: matchedStop(choice),
});

export const matchedStop = (choice: Json): boolean =>
  word(choice.stop_reason) !== undefined || word(choice.matched_stop) !== undefined;

/** `before`: what a stream has told so far; what is not said again stays. */
export function observedOf(answer: Json, before: Observed = {}): Observed {
  // Absent fields stay undefined: an object spread for each would be a tenth of the reading.
  return {
    model: word(answer.model) ?? before.model,
    fingerprint: word(answer.system_fingerprint) ?? before.fingerprint,
    serviceTier: word(answer.service_tier) ?? before.serviceTier,
  };
}

interface Around {
  readonly error: Failure | undefined;
  readonly usage: Usage | undefined;
  readonly observed: Observed;
  readonly closed: boolean;
}

/** The one reading of both ways: a unary answer's choices and those a stream added up to. */
export function read(choices: readonly Choice[], around: Around): Reading {
  let textLength = 0;
  let toolCalls = 0;
  const judged: { readonly outcome: Outcome; readonly finish: string | undefined }[] = [];
  for (const choice of choices) {
    textLength += textOf(choice.message).length;
    toolCalls += callsOf(choice.message).length;
    judged.push({ outcome: judge(choice), finish: choice.finish });
  }
  const worst = together(judged);
  const cut = around.closed && (worst === undefined || worst.finish === undefined);
  const problem =
    around.error ??
    (cut ? missingEnd(choices) : worst?.outcome === 'error' ? endedByError(worst.finish) : undefined);
  const outcome = around.error ? failureOutcome(around.error) : (worst?.outcome ?? 'cut');
  return {
    outcome,
    failure: problem,
    usage: around.usage ?? NO_USAGE,
    observed: around.observed,
    finish: worst?.finish,
    textLength,
    toolCalls,
    message: () =>
      choices.length === 0 ? undefined : encode(JSON.stringify(choices.map(({ message }) => message))),
  };
}

/** DeepSeek's word for having no capacity left; every other one says only that something failed. */
const endedByError = (finish: string | undefined): Failure =>
  finish === 'insufficient_system_resource'
    ? failure('overloaded', 'The provider ran out of capacity in the middle of the answer; try again later.')
    : failure('in_band_error', `The provider ended the answer with the reason "${finish}".`);

const missingEnd = (choices: readonly Choice[]): Failure =>
  choices.some(({ message }) => textOf(message) !== '' || callsOf(message).length > 0)
    ? failure('cut', 'The answer ended before the provider said why; what came so far is incomplete.')
    : failure(
        'empty',
        'The provider answered with status 200 but without content and without a finish reason.',
      );

function judge({ message, finish, matchedStop }: Choice): Outcome {
  if (finish === undefined) return 'cut';
  const outcome = outcomeOf(finish);
  const calls = callsOf(message);
  if (outcome === 'tool' || (outcome === 'complete' && calls.length > 0))
    return calls.length > 0 && calls.every(isCallable) ? 'tool' : 'invalid';
  if (outcome !== 'complete') return outcome;
  if (word(message.refusal)) return 'refusal';
  return matchedStop ? 'stop' : 'complete';
}

function callsOf(message: Json): readonly unknown[] {
  const calls = list(message.tool_calls);
  return isObject(message.function_call) ? [...calls, { function: message.function_call }] : calls;
}

/** A function's arguments must be JSON; a custom tool takes any text. */
function isCallable(call: unknown): boolean {
  if (!isObject(call)) return false;
  if (isObject(call.custom)) return true;
  return isJson(text(object(call.function).arguments));
}

/** What a reader sees or hears: text, refusal, and the transcript of spoken words. */
function textOf(message: Json): string {
  return contentText(message.content) + text(message.refusal) + text(object(message.audio).transcript);
}

function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  let all = '';
  for (const part of list(content)) all += text(object(part).text) + text(object(part).refusal);
  return all;
}
