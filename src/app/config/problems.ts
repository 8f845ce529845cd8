/** One thing wrong with the configuration, as a person can mend it. */
export interface ConfigProblem {
  /** From 1; absent for what has no place in the file. */
  readonly line?: number;
  /** `routes.support.tiers[0].name` */
  readonly path: string;
  readonly message: string;
}

export const formatProblem = (file: string, { line, path, message }: ConfigProblem): string =>
  `${file}${line === undefined ? '' : `:${line}`}: ${path ? `${path}: ` : ''}${message}`;

export const formatPath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, key) =>
      typeof key === 'number' ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key),
    '',
  );

/** A configuration that cannot be used; `problems` says why, all at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly file: string;
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[]) {
    super(problems.map((p) => formatProblem(file, p)).join('\n'));
    this.file = file;
    this.problems = problems;
  }
}
