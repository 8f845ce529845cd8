/** One promise of the design beside what was measured. */
export interface Verdict {
  readonly promise: string;
  readonly measured: string;
  readonly kept: boolean;
  /** What a reader must know to judge it. */
  readonly note?: string;
}

export interface PartResult {
  /** Markdown below the part's heading. */
  readonly text: string;
  readonly verdicts: readonly Verdict[];
}

export interface Context {
  /** Shorter, on less data; shows that the bench works and roughly where things stand. */
  readonly quick: boolean;
  /** Milliseconds that remain of the time a whole run may take. */
  left(): number;
  say(line: string): void;
}

export interface Part {
  readonly name: string;
  readonly title: string;
  run(context: Context): Promise<PartResult>;
}
