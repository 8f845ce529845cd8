import type { AnswerTaker, Clock, TransportCall } from '#contracts';
import { MARK, perform } from './play.ts';
import type { Miss, Question } from './types.ts';

/** 409: the request conflicts with what is on file. Not 404, which clients read as an unknown model, and never 5xx, which they retry. */
const STATUS = 409;

/** The error that a caller sees for a call that replay cannot answer, in the dialect that the path belongs to. */
export function missBody(question: Question, miss: Miss): string {
  const message = sentence(question, miss);
  const cassette = {
    key: miss.key,
    reason: miss.reason,
    nearest: miss.nearest ?? null,
    differences: miss.differences,
  };
  return JSON.stringify(
    question.headers['anthropic-version'] !== undefined || /\/v1\/messages(\/|\?|$)/.test(question.path)
      ? { type: 'error', error: { type: 'invalid_request_error', message }, cassette }
      : { error: { message, type: 'invalid_request_error', param: null, code: 'cassette_miss' }, cassette },
  );
}

function sentence({ key, method, path, model }: Question, miss: Miss): string {
  const what = `No cassette for ${method} ${path}${model ? ` (${model})` : ''}, key ${short(key)}`;
  if (miss.reason === 'exhausted')
    return `${what}: every recorded answer of it has been given, each once and in order. Record again what asks once more.`;
  if (miss.reason === 'expired') return `${what}: its recording is older than maxAge. Record it again.`;
  if (miss.reason === 'unreadable')
    return `${what}: its file cannot be read: ${miss.differences[0]?.recorded ?? 'unknown'}. Mend or remove it.`;
  if (miss.nearest === undefined)
    return `${what}: nothing like it is on file. Record it with \`midwatch up --record\`.`;
  const parts = miss.differences.map(
    (d) => `${d.path}: recorded ${quote(d.recorded)}, asked ${quote(d.asked)}`,
  );
  const where = parts.length > 0 ? parts.join('; ') : 'masked values only';
  return `${what}. Nearest is ${short(miss.nearest)}; it differs in ${where}.`;
}

/** As the verbs show it. The whole key looks like a credential to whoever masks a provider's words, translated misses included. */
const short = (key: string): string => key.slice(0, 10);

const quote = (text: string | undefined) => (text === undefined ? 'nothing' : JSON.stringify(text));

/** Answers a call with the error, as an upstream would: head, one body, a clean end. */
export function tellMiss(question: Question, miss: Miss, taker: AnswerTaker, clock: Clock): TransportCall {
  const body = new TextEncoder().encode(missBody(question, miss));
  const headers = {
    'content-type': 'application/json',
    // Both vendors' clients retry a 409 unless told otherwise; asking again cannot help.
    'x-should-retry': 'false',
    [MARK]: 'miss',
  };
  const steps = [
    () => taker.connected(),
    () => taker.head(STATUS, headers),
    () => taker.data(body),
    () => taker.end(),
  ];
  return perform(
    steps.map((tell) => ({ at: 0, tell })),
    clock,
    'instant',
  );
}
