/** One thing that was looked at. `unknown`: it could not be looked at, which is not the same as good. */
export interface Finding {
  readonly level: 'bad' | 'unknown' | 'warn' | 'note' | 'good';
  /** Which part: `port`, `data folder`, `provider openai`, … */
  readonly area: string;
  /** One short sentence. */
  readonly what: string;
  readonly why?: string;
  readonly remedy?: string;
}

type About = Pick<Finding, 'why' | 'remedy'>;
const at =
  (level: Finding['level']) =>
  (area: string, what: string, about: About = {}): Finding => ({ level, area, what, ...about });

export const bad = at('bad');
export const unknown = at('unknown');
export const warn = at('warn');
export const note = at('note');
export const good = at('good');
