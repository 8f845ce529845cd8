/** One word of one replica. */
export interface Entry {
  readonly from: string;
  /** Absent in a mere sign of life. */
  readonly news?: unknown;
}

export const write = (entry: Entry): string => JSON.stringify(entry);

/** Undefined for what no replica of this version has written. */
export function read(text: string): Entry | undefined {
  try {
    const entry: unknown = JSON.parse(text);
    if (typeof entry !== 'object' || entry === null) return undefined;
    const { from, news } = entry as { from?: unknown; news?: unknown };
    return typeof from === 'string' ? { from, ...(news !== undefined && { news }) } : undefined;
  } catch {
    return undefined;
  }
}
