/** A reader of Prometheus' text format 0.0.4, as strict as a scrape and, on counters and histograms, as `promtool check metrics`. */

export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Exposed {
  readonly types: ReadonlyMap<string, string>;
  readonly series: readonly Series[];
  /** Of all series of this name that have these labels; 0 where there is none. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

const HEAD = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/;
const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/y;

/** Throws with the line that Prometheus would refuse the scrape for. */
export function readExposition(text: string): Exposed {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const types = new Map<string, string>();
  const helped = new Set<string>();
  const series: Series[] = [];
  const seen = new Set<string>();
  const closed = new Set<string>();
  let family = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const fail = (why: string): never => {
      throw new Error(`${why}: ${line}`);
    };
    if (line.startsWith('#')) {
      const [, word, name = '', rest = ''] = HEAD.exec(line) ?? fail('no head');
      if (word === 'HELP') {
        if (helped.size === helped.add(name).size) fail('helped twice');
        closed.add(family);
        family = name;
      } else {
        if (name !== family || types.has(name)) fail('a type apart from its help, or twice');
        if (!['counter', 'gauge', 'histogram'].includes(rest)) fail('no type');
        if ((rest === 'counter') !== name.endsWith('_total')) fail('counters, and they alone, end in _total');
        types.set(name, rest);
      }
      continue;
    }
    const [, name = '', inside = '', number = ''] = LINE.exec(line) ?? fail('no sample');
    const base = types.get(family) === 'histogram' ? name.replace(/_(bucket|sum|count)$/, '') : name;
    if (base !== family || closed.has(base)) fail('a sample outside of its family');
    const labels: Record<string, string> = {};
    LABEL.lastIndex = 0;
    while (LABEL.lastIndex < inside.length) {
      const [, label = '', value = ''] = LABEL.exec(inside) ?? fail('no labels');
      if (label in labels) fail('a label twice');
      labels[label] = value.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
    }
    const key = `${name}${JSON.stringify(Object.entries(labels).sort())}`;
    if (seen.size === seen.add(key).size) fail('a series twice');
    const value = number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number);
    if (Number.isNaN(value) || (types.get(family) !== 'gauge' && value < 0)) fail('no number');
    series.push({ name, labels, value });
  }
  histograms(series, types);
  return {
    types,
    series,
    sum: (name, wanted = {}) =>
      series
        .filter(
          (one) =>
            one.name === name &&
            Object.entries(wanted).every(([label, value]) => (one.labels[label] ?? '') === value),
        )
        .reduce((sum, { value }) => sum + value, 0),
  };
}

/** Buckets never fall, end in infinity, and that is the count. */
function histograms(series: readonly Series[], types: ReadonlyMap<string, string>): void {
  const open = new Map<string, { le: number; below: number }>();
  for (const { name, labels, value } of series) {
    const { le, ...own } = labels;
    const of = name.replace(/_(bucket|sum|count)$/, '');
    if (types.get(of) !== 'histogram') continue;
    const key = `${of}${JSON.stringify(own)}`;
    if (name.endsWith('_bucket')) {
      const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
      const before = open.get(key) ?? { le: Number.NEGATIVE_INFINITY, below: 0 };
      if (!(bound > before.le) || value < before.below) throw new Error(`buckets of ${key} at ${le}`);
      open.set(key, { le: bound, below: value });
    } else if (name.endsWith('_count')) {
      const last = open.get(key);
      if (last?.le !== Number.POSITIVE_INFINITY || last.below !== value)
        throw new Error(`${key} counts ${value} and its last bucket ${last?.below}`);
    }
  }
}
