import type { Failure, Observed, Outcome, Reading, Usage } from '#contracts';
import { anthropicInBand } from '../shared/anthropic-errors.ts';
import { failure } from '../shared/failures.ts';
import {
  decodeAnswer,
  encode,
  isObject,
  type Json,
  list,
  object,
  parseJson,
  text,
  word,
} from '../shared/json.ts';
import { outcomeOf } from '../shared/outcomes.ts';
import { failureOutcome, unreadable } from '../shared/readings.ts';
import { anthropicUsage } from './usage.ts';

export function readAnswer(body: Uint8Array): Reading {
  const parsed = parseJson(decodeAnswer(body));
  if (!parsed || !isObject(parsed.value)) return unreadable();
  const answer = parsed.value;
  const error = answer.type === 'error' || answer.error ? anthropicInBand(answer) : undefined;
  return read({
    blocks: list(answer.content).map(object),
    any: Array.isArray(answer.content),
    finish: word(answer.stop_reason),
    broken: false,
    error,
    usage: anthropicUsage(answer.usage),
    observed: observedOf(answer),
    closed: true,
  });
}

/** Tier and region are told by the usage. `before`: what a stream has told so far; what is not said again stays. */
export function observedOf(message: Json, before: Observed = {}): Observed {
  const usage = object(message.usage);
  return {
    model: word(message.model) ?? before.model,
    serviceTier: word(usage.service_tier) ?? before.serviceTier,
    region: word(usage.inference_geo) ?? before.region,
  };
}

export interface Said {
  readonly blocks: readonly Json[];
  /** A message was begun at all. */
  readonly any: boolean;
  readonly finish: string | undefined;
  /** The input of some tool call is not JSON. */
  readonly broken: boolean;
  readonly error: Failure | undefined;
  readonly usage: Usage;
  readonly observed: Observed;
  readonly closed: boolean;
}

/** The one reading of both ways: a unary answer and what a stream added up to. */
export function read(said: Said): Reading {
  const { blocks, finish, error } = said;
  let textLength = 0;
  let toolCalls = 0;
  for (const block of blocks) {
    if (block.type === 'text') textLength += text(block.text).length;
    else if (block.type === 'tool_use') toolCalls++;
  }
  const problem = error ?? endFailure(said);
  return {
    outcome: error ? failureOutcome(error) : judge(finish, toolCalls, said.broken),
    failure: problem,
    usage: said.usage,
    observed: said.observed,
    finish,
    textLength,
    toolCalls,
    message: () => (said.any ? encode(JSON.stringify([{ role: 'assistant', content: blocks }])) : undefined),
  };
}

function judge(finish: string | undefined, toolCalls: number, broken: boolean): Outcome {
  if (finish === undefined) return 'cut';
  const outcome = outcomeOf(finish);
  if (outcome === 'tool' || (outcome === 'complete' && toolCalls > 0))
    return toolCalls > 0 && !broken ? 'tool' : 'invalid';
  return outcome;
}

function endFailure({ finish, closed, blocks }: Said): Failure | undefined {
  if (finish === 'pause_turn')
    return failure('cut', 'The provider paused a long turn; send the answer back as it is to continue.', {
      retryable: false,
    });
  if (finish !== undefined || !closed) return undefined;
  return blocks.length > 0
    ? failure('cut', 'The answer ended before the provider said why; what came so far is incomplete.')
    : failure(
        'empty',
        'The provider answered with status 200 but without content and without a stop reason.',
      );
}
