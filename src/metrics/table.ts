import { OTHER } from './names.ts';

/** Sums under one set of labels. */
export interface Row {
  readonly labels: readonly string[];
  readonly cells: Float64Array;
  /** Counted since it was last taken. */
  fresh: boolean;
}

/** Plain data, so that a thread can send it. */
export type Taken = readonly { readonly labels: readonly string[]; readonly cells: Float64Array }[];

type Branch = Map<string, Branch | Row>;

/**
 * Rows found by their labels. They are looked up by what the hot path has in hand, label by label, without a string being put
 * together. What exceeds `most` is counted in one row whose labels all are `_OTHER`: sums stay right, only the split is lost.
 */
export class Table {
  readonly rows: Row[] = [];
  private readonly root: Branch = new Map();
  private readonly depth: number;
  private readonly width: number;
  private readonly most: number;
  private last: Row | undefined;

  constructor(options: { readonly depth: number; readonly width: number; readonly most: number }) {
    this.depth = options.depth;
    this.width = options.width;
    this.most = options.most;
  }

  /** Undefined where there is none; most calls find the row of the call before. */
  find(labels: readonly string[]): Row | undefined {
    const { last, depth } = this;
    if (last !== undefined && alike(last.labels, labels)) return last;
    let at: Branch | Row | undefined = this.root;
    for (let i = 0; i < depth && at !== undefined; i++) at = (at as Branch).get(labels[i] as string);
    if (at === undefined) return undefined;
    this.last = at as Row;
    return this.last;
  }

  /** The row of these labels, made where there is none and room for one. */
  of(labels: readonly string[]): Row {
    const known = this.find(labels);
    if (known) return known;
    if (this.rows.length < this.most) return this.make([...labels]);
    const rest = labels.map(() => OTHER);
    return this.find(rest) ?? this.make(rest);
  }

  /** What was counted since the last call; the rows begin anew. */
  take(): Taken {
    const changed = this.rows.filter((row) => row.fresh);
    const taken = changed.map(({ labels, cells }) => ({ labels, cells: cells.slice() }));
    for (const row of changed) {
      row.cells.fill(0);
      row.fresh = false;
    }
    return taken;
  }

  add(taken: Taken): void {
    for (const { labels, cells } of taken) {
      const row = this.of(labels);
      row.fresh = true;
      for (let i = 0; i < cells.length; i++) row.cells[i] = (row.cells[i] as number) + (cells[i] as number);
    }
  }

  private make(labels: readonly string[]): Row {
    const row = { labels, cells: new Float64Array(this.width), fresh: true };
    this.rows.push(row);
    let at = this.root;
    for (const label of labels.slice(0, -1)) {
      const next = at.get(label) ?? new Map();
      at.set(label, next);
      at = next as Branch;
    }
    at.set(labels.at(-1) as string, row);
    return row;
  }
}

function alike(one: readonly string[], other: readonly string[]): boolean {
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}
