import type { Difference, Question } from './types.ts';

type Comparable = Pick<Question, 'method' | 'host' | 'path' | 'headers' | 'body'>;

export interface Comparison {
  /** At most `limit` of them. */
  readonly differences: readonly Difference[];
  /** 0 for equal questions; about the number of differing values, a text that is nearly the same counting little. */
  readonly distance: number;
}

/** What differs between a recorded question and the one asked, path by path in the order of keys. */
export function compare(recorded: Comparable, asked: Comparable, limit = 20): Comparison {
  const differences: Difference[] = [];
  let distance = 0;
  const found = (path: string, was: unknown, is: unknown) => {
    distance += typeof was === 'string' && typeof is === 'string' ? unlikeness(was, is) : 1;
    if (differences.length < limit) differences.push(shown(path, was, is));
  };
  const walk = (path: string, was: unknown, is: unknown): void => {
    if (Object.is(was, is)) return;
    const bothObjects = was !== null && is !== null && typeof was === 'object' && typeof is === 'object';
    if (!bothObjects || Array.isArray(was) !== Array.isArray(is)) {
      found(path, was, is);
      return;
    }
    const [a, b] = [was as Record<string, unknown>, is as Record<string, unknown>];
    const names = Array.isArray(was)
      ? Array.from({ length: Math.max(was.length, (is as unknown[]).length) }, (_, i) => String(i))
      : [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
    for (const name of names)
      walk(Array.isArray(was) ? `${path}[${name}]` : `${path}.${name}`, a[name], b[name]);
  };
  for (const part of ['method', 'host', 'path', 'headers', 'body'] as const)
    walk(part, recorded[part], asked[part]);
  return { differences, distance };
}

/** Around the first difference: two long prompts that part in the middle are told apart by what is there. */
function shown(path: string, was: unknown, is: unknown): Difference {
  let from = 0;
  if (typeof was === 'string' && typeof is === 'string') {
    const shorter = Math.min(was.length, is.length);
    while (from < shorter && was[from] === is[from]) from++;
    from = Math.max(0, from - 20);
  }
  return {
    path,
    ...(was === undefined ? {} : { recorded: short(was, from) }),
    ...(is === undefined ? {} : { asked: short(is, from) }),
  };
}

function short(value: unknown, from: number): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
  const cut = text.slice(from, from + 80);
  return `${from > 0 ? '…' : ''}${cut}${from + 80 < text.length ? '…' : ''}`;
}

/** Share of the longer text outside the common beginning and end, at least 0.05: different texts never count as equal. */
function unlikeness(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  let head = 0;
  while (head < shorter && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < shorter - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  return Math.max(0.05, 1 - (head + tail) / Math.max(a.length, b.length, 1));
}
