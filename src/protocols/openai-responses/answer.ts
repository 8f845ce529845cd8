import type { Failure, Observed, Outcome, Reading, Usage } from '#contracts';
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
import { outcomeOf } from '../shared/outcomes.ts';
import { failureOutcome, unreadable } from '../shared/readings.ts';

export function readAnswer(body: Uint8Array): Reading {
  const parsed = parseJson(decodeAnswer(body));
  if (!parsed || !isObject(parsed.value)) return unreadable();
  const response = parsed.value;
  return read({
    items: list(response.output).map(object),
    any: Array.isArray(response.output),
    finish: finishOf(response),
    error: errorOf(response),
    usage: openaiUsage(response.usage),
    observed: observedOf(response),
    closed: true,
  });
}

/** Why it ended: the reason of an incomplete response says more than its status. */
export const finishOf = (response: Json): string | undefined =>
  response.status === 'incomplete'
    ? (word(object(response.incomplete_details).reason) ?? 'incomplete')
    : word(response.status);

export function errorOf(response: Json): Failure | undefined {
  if (response.error) return openaiInBand(response.error);
  return response.status === 'failed' ? openaiInBand({}) : undefined;
}

export function observedOf(response: Json): Observed {
  const model = word(response.model);
  const fingerprint = word(response.system_fingerprint);
  const serviceTier = word(response.service_tier);
  return {
    ...(model ? { model } : {}),
    ...(fingerprint ? { fingerprint } : {}),
    ...(serviceTier ? { serviceTier } : {}),
  };
}

export interface Said {
  readonly items: readonly Json[];
  /** There is an output, be it empty. */
  readonly any: boolean;
  readonly finish: string | undefined;
  readonly error: Failure | undefined;
  readonly usage: Usage;
  readonly observed: Observed;
  readonly closed: boolean;
}

/** A response that is not over: made in the background, or stopped half-way. */
const RUNNING = new Set(['queued', 'in_progress']);

/** The one reading of both ways: a whole response and what a stream added up to. */
export function read(said: Said): Reading {
  const { items, finish, error } = said;
  let textLength = 0;
  let refused = false;
  for (const item of items) {
    if (item.type !== 'message') continue;
    for (const value of list(item.content)) {
      const part = object(value);
      textLength += (text(part.text) + text(part.refusal) + text(part.transcript)).length;
      refused ||= word(part.refusal) !== undefined;
    }
  }
  const calls = openCalls(items);
  const problem = error ?? endFailure(said);
  return {
    outcome: error ? failureOutcome(error) : judge(finish, calls, refused),
    ...(problem ? { failure: problem } : {}),
    usage: said.usage,
    observed: said.observed,
    ...(finish === undefined ? {} : { finish }),
    textLength,
    toolCalls: calls.length,
    message: () => (said.any ? encode(JSON.stringify(items)) : undefined),
  };
}

/** Calls the caller has to answer: those of client tools that the provider did not run itself. */
function openCalls(items: readonly Json[]): readonly Json[] {
  const answered = new Set<unknown>();
  for (const item of items) if (text(item.type).endsWith('_output')) answered.add(item.call_id);
  return items.filter((item) => CLIENT_CALLS.has(text(item.type)) && !answered.has(item.call_id));
}

const CLIENT_CALLS = new Set([
  'function_call',
  'custom_tool_call',
  'computer_call',
  'local_shell_call',
  'shell_call',
  'apply_patch_call',
  'mcp_approval_request',
]);

function judge(finish: string | undefined, calls: readonly Json[], refused: boolean): Outcome {
  if (finish === undefined || finish === 'incomplete' || RUNNING.has(finish)) return 'cut';
  const outcome = outcomeOf(finish);
  if (outcome !== 'complete') return outcome;
  if (calls.length > 0)
    return calls.every((call) => call.type !== 'function_call' || isJson(text(call.arguments)))
      ? 'tool'
      : 'invalid';
  return refused ? 'refusal' : 'complete';
}

function endFailure({ finish, closed, items }: Said): Failure | undefined {
  if (!closed) return undefined;
  if (finish !== undefined && RUNNING.has(finish))
    return failure(
      'cut',
      `The response is still ${finish.replace('_', ' ')}; fetch it from the provider by its id.`,
      {
        retryable: false,
      },
    );
  if (finish !== undefined) return undefined;
  return items.length > 0
    ? failure('cut', 'The answer ended before the provider said why; what came so far is incomplete.')
    : failure('empty', 'The provider answered with status 200 but without output and without a status.');
}
