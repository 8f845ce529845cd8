/**
 * What a self-contained binary carries inside itself. In a checkout it carries nothing; `npm run build` puts another
 * module in the place of this one.
 */
export interface Carried {
  /** Path inside the console to the path of the file inside the binary. */
  readonly console: Readonly<Record<string, string>>;
  /** The archive of Postgres binaries. */
  readonly postgres: string;
}

export const carried: Carried | undefined = undefined;
