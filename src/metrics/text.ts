import type { Distribution, Family, LabelValues, Metric } from './metric.ts';

/** Prometheus' text exposition format 0.0.4. A family without a series is left out: it would say nothing. */
export function exposition(families: readonly Family[]): string {
  const lines: string[] = [];
  for (const family of families) {
    const { metric } = family;
    // A series that is there twice fails the whole scrape.
    const there = new Set<string>();
    const own = (labels: LabelValues): string | undefined => {
      const text = said(metric, labels);
      return adds(there, text) ? text : undefined;
    };
    const before = lines.length;
    lines.push(`# HELP ${metric.name} ${metric.help}`, `# TYPE ${metric.name} ${metric.type}`);
    if ('samples' in family)
      for (const { labels, value } of family.samples) {
        const text = own(labels);
        if (text !== undefined) lines.push(`${metric.name}${braces(text)} ${number(value)}`);
      }
    else
      for (const one of family.distributions) {
        const text = own(one.labels);
        if (text !== undefined) histogram(lines, metric, text, one);
      }
    if (there.size === 0) lines.length = before;
  }
  return `${lines.join('\n')}\n`;
}

function histogram(lines: string[], metric: Metric, own: string, { counts, sum }: Distribution): void {
  const { name, buckets = [] } = metric;
  let below = 0;
  for (let i = 0; i < counts.length; i++) {
    below += counts[i] as number;
    const le = `le="${i < buckets.length ? number(buckets[i] as number) : '+Inf'}"`;
    lines.push(`${name}_bucket${braces(own === '' ? le : `${own},${le}`)} ${below}`);
  }
  lines.push(`${name}_sum${braces(own)} ${number(sum)}`, `${name}_count${braces(own)} ${below}`);
}

const adds = (set: Set<string>, text: string): boolean => set.size < set.add(text).size;

const said = ({ labels }: Metric, values: LabelValues): string =>
  labels.flatMap((label, i) => (values[i] ? [`${label}="${escaped(values[i] as string)}"`] : [])).join(',');

const braces = (inside: string): string => (inside === '' ? '' : `{${inside}}`);

/** Half of a surrogate pair has no UTF-8. */
const escaped = (value: string): string =>
  value.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

/** `NaN` is written alike in both worlds. */
const number = (value: number): string =>
  Math.abs(value) === Number.POSITIVE_INFINITY ? (value > 0 ? '+Inf' : '-Inf') : String(value);
