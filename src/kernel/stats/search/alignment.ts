/**
 * Alignment of two runs with affine gaps, and the step where they fork.
 *
 * Formula: maximise Σ match + mismatch − (gapOpen + gapExtend·(length − 1)) per gap (Gotoh). Equal ends are cut off first; steps that occur once in either run anchor the rest (patience); what remains between anchors is solved exactly. Fork: the first aligned place that is not equal once each step is counted once however often it was retried in a row.
 * Assumes: one exact hash per step; equal hash means equal step.
 * Cost: O(n log n) for the anchors plus O(a·b) for stretches between; two runs of 3 MB in well below a second.
 * Lies when: steps are paraphrased without being different – nothing then matches by hash: normalise before hashing. Stretches above `CELL_LIMIT` cells without an anchor are solved in a band around their diagonal.
 * Reference: Gotoh 1982; Bram Cohen's patience diff; Altschul and Erickson 1986.
 */
import { checkFinite, checkNonNegative } from '../check.ts';
import { StatsError } from '../error.ts';

/** Cells of one exact stretch; 16 M bytes of trace and about a quarter of a second. */
export const CELL_LIMIT = 16_000_000;

export interface AlignmentRule {
  readonly match?: number;
  /** Score of two different steps side by side. */
  readonly mismatch?: number;
  readonly gapOpen?: number;
  readonly gapExtend?: number;
}

/** A stretch of both runs: `from` and lengths. 'same' and 'changed' have equal lengths. */
export interface AlignedBlock {
  readonly kind: 'same' | 'changed' | 'removed' | 'added';
  readonly a: number;
  readonly b: number;
  readonly length: number;
}

interface Costs {
  readonly match: number;
  readonly mismatch: number;
  readonly open: number;
  readonly extend: number;
}

class Blocks {
  readonly list: AlignedBlock[] = [];
  private a = 0;
  private b = 0;

  push(kind: AlignedBlock['kind'], length: number): void {
    if (length === 0) return;
    const last = this.list.at(-1);
    if (last?.kind === kind) this.list[this.list.length - 1] = { ...last, length: last.length + length };
    else this.list.push({ kind, a: this.a, b: this.b, length });
    if (kind !== 'added') this.a += length;
    if (kind !== 'removed') this.b += length;
  }
}

function intern(
  a: readonly string[],
  b: readonly string[],
): { a: Int32Array; b: Int32Array; symbols: number } {
  const ids = new Map<string, number>();
  const id = (key: string) => {
    const known = ids.get(key);
    if (known !== undefined) return known;
    ids.set(key, ids.size);
    return ids.size - 1;
  };
  return { a: Int32Array.from(a, id), b: Int32Array.from(b, id), symbols: ids.size };
}

const FROM = { diagonal: 0, removed: 1, added: 2 } as const;

/** Gotoh over one stretch, in a band when it is too large; emits blocks in order. */
function gotoh(x: Int32Array, y: Int32Array, costs: Costs, out: Blocks): void {
  const n = x.length;
  const m = y.length;
  const slack = Math.max(8, Math.floor(CELL_LIMIT / (n + 1) / 2));
  const whole = (n + 1) * (m + 1) <= CELL_LIMIT;
  const width = whole ? m + 1 : Math.min(m + 1, 2 * slack + 1);
  const first = (i: number) =>
    whole ? 0 : Math.max(0, Math.min(m + 1 - width, Math.round((i * m) / n) - slack));
  // Two bits: where the best came from; bit 2: removal extends; bit 3: addition extends.
  const trace = new Uint8Array((n + 1) * width);
  const reach = Math.ceil(m / Math.max(1, n)) + 3;
  const low = -1e300;
  let best = new Float64Array(m + 2).fill(low);
  let removal = new Float64Array(m + 2).fill(low);
  let nextBest = new Float64Array(m + 2).fill(low);
  let nextRemoval = new Float64Array(m + 2).fill(low);
  for (let i = 0; i <= n; i++) {
    const from = first(i);
    const to = Math.min(m, from + width - 1);
    let addition = low;
    // Only what this row writes and the next may read: clearing whole rows would cost what the band saves.
    const clear = Math.min(m + 2, to + reach);
    nextBest.fill(low, Math.max(0, from - 1), clear);
    nextRemoval.fill(low, Math.max(0, from - 1), clear);
    for (let j = from; j <= to; j++) {
      let bits = 0;
      let value = low;
      if (i === 0 && j === 0) value = 0;
      if (i > 0) {
        const opened = best[j]! - costs.open;
        const extended = removal[j]! - costs.extend;
        if (extended > opened) bits |= 4;
        nextRemoval[j] = Math.max(opened, extended);
        if (j > 0) value = best[j - 1]! + (x[i - 1] === y[j - 1] ? costs.match : costs.mismatch);
        if (nextRemoval[j]! > value) {
          value = nextRemoval[j]!;
          bits = (bits & ~3) | FROM.removed;
        }
      }
      if (j > from) {
        const opened = nextBest[j - 1]! - costs.open;
        const extended = addition - costs.extend;
        if (extended > opened) bits |= 8;
        addition = Math.max(opened, extended);
        if (addition > value) {
          value = addition;
          bits = (bits & ~3) | FROM.added;
        }
      }
      nextBest[j] = value;
      trace[i * width + (j - from)] = bits;
    }
    [best, nextBest] = [nextBest, best];
    [removal, nextRemoval] = [nextRemoval, removal];
  }
  const moves: AlignedBlock['kind'][] = [];
  let i = n;
  let j = m;
  while (i > 0 || j > 0) {
    const bits = trace[i * width + (j - first(i))]!;
    const move = bits & 3;
    if (move === FROM.diagonal) {
      moves.push(x[i - 1] === y[j - 1] ? 'same' : 'changed');
      i--;
      j--;
    } else if (move === FROM.removed) {
      for (;;) {
        const extends_ = (trace[i * width + (j - first(i))]! & 4) !== 0;
        moves.push('removed');
        i--;
        if (!extends_) break;
      }
    } else {
      for (;;) {
        const extends_ = (trace[i * width + (j - first(i))]! & 8) !== 0;
        moves.push('added');
        j--;
        if (!extends_) break;
      }
    }
  }
  for (let k = moves.length - 1; k >= 0; k--) out.push(moves[k]!, 1);
}

/** No symbol in common: the best is closed form. */
function foreign(n: number, m: number, costs: Costs, out: Blocks): void {
  const gap = (length: number) => (length === 0 ? 0 : costs.open + (length - 1) * costs.extend);
  const paired = Math.min(n, m);
  const side = paired * costs.mismatch - gap(n - paired) - gap(m - paired);
  if (side >= -gap(n) - gap(m)) {
    out.push('changed', paired);
    out.push('removed', n - paired);
    out.push('added', m - paired);
  } else {
    out.push('removed', n);
    out.push('added', m);
  }
}

/** Longest increasing chain of steps that occur exactly once on either side. */
function anchors(x: Int32Array, y: Int32Array, symbols: number): [number, number][] {
  const seenX = new Int32Array(symbols).fill(-1);
  const seenY = new Int32Array(symbols).fill(-1);
  x.forEach((id, i) => {
    seenX[id] = seenX[id] === -1 ? i : -2;
  });
  y.forEach((id, j) => {
    seenY[id] = seenY[id] === -1 ? j : -2;
  });
  const pairs: [number, number][] = [];
  for (let i = 0; i < x.length; i++) {
    const id = x[i]!;
    if (seenX[id] === i && seenY[id]! >= 0) pairs.push([i, seenY[id]!]);
  }
  const tails: number[] = [];
  const previous = new Int32Array(pairs.length);
  pairs.forEach(([, j], index) => {
    let lo = 0;
    let hi = tails.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (pairs[tails[mid]!]![1] < j) lo = mid + 1;
      else hi = mid;
    }
    previous[index] = lo > 0 ? tails[lo - 1]! : -1;
    tails[lo] = index;
  });
  const chain: [number, number][] = [];
  for (let at = tails.at(-1) ?? -1; at >= 0; at = previous[at]!) chain.push(pairs[at]!);
  return chain.reverse();
}

function shares(x: Int32Array, y: Int32Array, symbols: number): boolean {
  const has = new Uint8Array(symbols);
  for (const id of x) has[id] = 1;
  return y.some((id) => has[id] === 1);
}

function solve(x: Int32Array, y: Int32Array, symbols: number, costs: Costs, out: Blocks): void {
  let head = 0;
  while (head < x.length && head < y.length && x[head] === y[head]) head++;
  out.push('same', head);
  let tail = 0;
  while (
    tail < x.length - head &&
    tail < y.length - head &&
    x[x.length - 1 - tail] === y[y.length - 1 - tail]
  )
    tail++;
  const a = x.subarray(head, x.length - tail);
  const b = y.subarray(head, y.length - tail);
  if (a.length === 0 || b.length === 0) {
    out.push('removed', a.length);
    out.push('added', b.length);
  } else if ((a.length + 1) * (b.length + 1) <= 250_000) gotoh(a, b, costs, out);
  else if (!shares(a, b, symbols)) foreign(a.length, b.length, costs, out);
  else {
    const chain = anchors(a, b, symbols);
    if (chain.length === 0) gotoh(a, b, costs, out);
    else {
      let i = 0;
      let j = 0;
      // Between two anchors symbols may be unique that were not so before.
      for (const [p, q] of [...chain, [a.length, b.length] as [number, number]]) {
        solve(a.subarray(i, p), b.subarray(j, q), symbols, costs, out);
        if (p < a.length) out.push('same', 1);
        i = p + 1;
        j = q + 1;
      }
    }
  }
  out.push('same', tail);
}

/** Blocks that cover both runs in order. Steps are given by their exact hashes. */
export function alignRuns(
  a: readonly string[],
  b: readonly string[],
  rule: AlignmentRule = {},
): readonly AlignedBlock[] {
  const { match = 1, mismatch = -0.5, gapOpen = 0.6, gapExtend = 0.1 } = rule;
  checkFinite('match', match);
  checkFinite('mismatch', mismatch);
  checkNonNegative('gapOpen', gapOpen);
  checkNonNegative('gapExtend', gapExtend);
  if (!(match > mismatch)) throw new StatsError('match', 'must exceed mismatch');
  if (gapExtend > gapOpen) throw new StatsError('gapExtend', 'must not exceed gapOpen');
  const ids = intern(a, b);
  const out = new Blocks();
  solve(ids.a, ids.b, ids.symbols, { match, mismatch, open: gapOpen, extend: gapExtend }, out);
  return out.list;
}

export interface Fork {
  readonly kind: 'changed' | 'removed' | 'added';
  /** Index of the first step on either side that does not belong to the common run. */
  readonly a: number;
  readonly b: number;
}

/** Each step once, however often it was retried in a row, with the place of its first try. */
function withoutRetries(run: readonly string[]): { readonly steps: string[]; readonly at: number[] } {
  const at = run.flatMap((step, i) => (i > 0 && step === run[i - 1] ? [] : [i]));
  return { steps: at.map((i) => run[i]!), at };
}

/** Where two runs part; undefined when they differ by retries only. */
export function findFork(
  a: readonly string[],
  b: readonly string[],
  rule: AlignmentRule = {},
): Fork | undefined {
  const left = withoutRetries(a);
  const right = withoutRetries(b);
  const blocks = alignRuns(left.steps, right.steps, rule);
  const first = blocks.findIndex(({ kind }) => kind !== 'same');
  const block = blocks[first];
  if (!block || block.kind === 'same') return undefined;
  // A stretch taken out where another was put in has been changed.
  const next = blocks[first + 1]?.kind ?? 'same';
  return {
    kind: next === 'same' ? block.kind : 'changed',
    a: left.at[block.a] ?? a.length,
    b: right.at[block.b] ?? b.length,
  };
}
