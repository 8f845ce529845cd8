/** What kept the embedded Postgres from running; one word per cause, so that a caller can branch on it. */
export type EmbeddedPostgresErrorKind =
  | 'binaries-missing'
  | 'binaries-broken'
  | 'no-user'
  | 'not-writable'
  | 'in-use'
  | 'port-taken'
  | 'disk-full'
  | 'corrupted'
  | 'wrong-version'
  | 'wrong-owner'
  | 'out-of-memory'
  | 'failed';

/** One sentence saying what is wrong (`message`) and one saying what to do about it (`remedy`). */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
  readonly kind: EmbeddedPostgresErrorKind;
  readonly remedy: string;

  constructor(kind: EmbeddedPostgresErrorKind, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.remedy = remedy;
  }
}

/**
 * Any error met on the way, as one of ours. `folder` is what was being read or written.
 */
export function asEmbeddedError(error: unknown, folder: string): EmbeddedPostgresError {
  if (error instanceof EmbeddedPostgresError) return error;
  const code = errnoOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL') {
    return new EmbeddedPostgresError(
      'disk-full',
      `There is no space left for the database in ${folder}.`,
      'Free some space, or choose a data folder on another disk.',
      { cause: error },
    );
  }
  const said = error instanceof Error ? error.message : String(error);
  if (code === undefined) {
    return new EmbeddedPostgresError(
      'failed',
      `The database in ${folder} could not be started (${said}).`,
      'Try again; if it fails again, set DATABASE_URL to a Postgres of your own.',
      { cause: error },
    );
  }
  return new EmbeddedPostgresError(
    'not-writable',
    `The folder of the database, ${folder}, cannot be used (${said}).`,
    'Make the data folder writable for this user, or choose another one.',
    { cause: error },
  );
}

/** The `errno` name of a system error (`ENOENT`), or `undefined` for any other value. */
export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
