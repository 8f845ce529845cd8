import type { BodyTrouble } from '#contracts';

/** What a caller is told who came in vain, in the words of OpenAI's dialect. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly type: 'invalid_request_error' | 'server_error';
  readonly code: string | null;
  readonly param?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const asked = (status: number, message: string, code: string | null = null, param?: string): Refusal => ({
  status,
  message,
  type: 'invalid_request_error',
  code,
  ...(param !== undefined && { param }),
});

export const badField = (param: string, message: string): Refusal =>
  asked(400, message, 'invalid_value', param);

export const notJson = (): Refusal =>
  asked(400, 'The body is not JSON; send { "endpoint": "/v1/chat/completions", "body": { … } }.');

export const noBody = (trouble: BodyTrouble): Refusal =>
  trouble === 'too_large'
    ? asked(413, 'The body is over the limit (limits.body); send less.', 'request_too_large')
    : asked(
        400,
        trouble === 'broken'
          ? 'The body broke off before its end.'
          : 'The chunks of the body cannot be read; each is its size in hexadecimal, CRLF, so many bytes, CRLF.',
      );

/** Also for a run of somebody else: who may not see it must not learn that it exists. */
export const noRun = (id: string): Refusal =>
  asked(404, `There is no run ${id.slice(0, 60)} for this key; GET /v1/runs lists yours.`, 'run_not_found');

export const noPath = (path: string): Refusal =>
  asked(
    404,
    `There is nothing at ${path.slice(0, 100)}; runs have /v1/runs, /v1/runs/{id}, and below it events, cancel and resample.`,
    'unknown_url',
  );

export const wrongMethod = (allow: string): Refusal => ({
  ...asked(405, `Use ${allow} on this path.`),
  headers: { allow },
});

export const otherBody = (): Refusal =>
  asked(
    422,
    'This Idempotency-Key was used for another run. Send a new key with a new run, or the same bytes to be given the first one again.',
    'idempotency_key_reused',
  );

export const notDurable = (): Refusal => ({
  status: 503,
  message:
    'The database cannot be reached, and a run is only accepted when it is sure to outlive a crash. Try again soon, or call the endpoint directly, which needs no database.',
  type: 'server_error',
  code: 'database_down',
  headers: { 'retry-after': '5' },
});

export const stopping = (): Refusal => ({
  status: 503,
  message: 'Midwatch is shutting down; send the run again in a moment.',
  type: 'server_error',
  code: 'shutting_down',
  headers: { 'retry-after': '5' },
});

export const inside = (): Refusal => ({
  status: 500,
  message: 'Midwatch failed inside; its log says why.',
  type: 'server_error',
  code: 'internal',
});

export const bodyOf = ({ message, type, code, param }: Refusal): string =>
  JSON.stringify({ error: { message, type, param: param ?? null, code } });
