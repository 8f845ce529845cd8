import type { z } from 'zod';

/** A request that is not served. Thrown inside a resource, turned into `{ error: { code, message, hint } }` in one place. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: string;
  /** What the reader should do now. */
  readonly hint: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    hint: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
    this.headers = headers;
  }
}

export const notFound = (message: string, hint: string): Refusal =>
  new Refusal(404, 'not_found', message, hint);

export const badRequest = (message: string, hint: string): Refusal =>
  new Refusal(400, 'bad_request', message, hint);

export const databaseDown = (): Refusal =>
  new Refusal(
    503,
    'database_down',
    'The database is away, busy or refuses, so stored exchanges cannot be read.',
    'Nothing is lost: exchanges wait in the spool. System and `midwatch doctor` say why; live traffic, routes and status still answer.',
    { 'retry-after': '5' },
  );

/** Names the field and what it should be; `known` are the names that would have been accepted. */
export function invalid(error: z.ZodError, kind: 'parameter' | 'field', known: readonly string[]): Refusal {
  const issue = error.issues[0];
  const list = known.length ? `Known ${kind}s: ${known.join(', ')}.` : `This request takes no ${kind}s.`;
  if (!issue) return badRequest(`The ${kind}s cannot be read.`, list);
  if (issue.code === 'unrecognized_keys')
    return badRequest(`Unknown ${kind} "${issue.keys.join('", "')}".`, list);
  const where = issue.path.length
    ? `${kind[0]?.toUpperCase()}${kind.slice(1)} "${issue.path.join('.')}"`
    : 'Body';
  return badRequest(`${where}: ${sayIssue(issue)}.`, list);
}

function sayIssue(issue: z.core.$ZodIssue): string {
  // A union says only "Invalid input"; what its branches would have taken is what the reader wants to know.
  if (issue.code === 'invalid_union') {
    const values = issue.errors.flat().flatMap((e) => (e.code === 'invalid_value' ? e.values : []));
    if (values.length) return `expected one of ${values.join(', ')}`;
  }
  return issue.message;
}
