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

/** The `errno` name of a system error (`ENOENT`), or `undefined` for any other value. */
export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
