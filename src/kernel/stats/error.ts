/** The one error of this module: an argument that no answer could honestly be computed from. */
export class StatsError extends Error {
  /** Name of the offending argument, as written in the signature; nested ones as `field.sub` or `list[3]`. */
  readonly argument: string;

  constructor(argument: string, problem: string) {
    super(`${argument} ${problem}`);
    this.name = 'StatsError';
    this.argument = argument;
  }
}
