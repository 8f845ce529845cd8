import type { Clock } from '#contracts';

/**
 * Segments are named `<writer>-<sequence>.seg`. Several gateways may share a data folder: each has its own writer id and
 * never touches another's files, so that no lock is needed; the scribe reads all of them.
 */
export interface SegmentName {
  readonly writer: string;
  readonly sequence: number;
}

const SHAPE = /^([a-z0-9]+)-(\d{8})\.seg$/;

export const segmentFile = ({ writer, sequence }: SegmentName): string =>
  `${writer}-${String(sequence).padStart(8, '0')}.seg`;

export function parseSegment(file: string): SegmentName | undefined {
  const match = SHAPE.exec(file);
  return match ? { writer: match[1] as string, sequence: Number(match[2]) } : undefined;
}

/** Begins with the time, so that the segments of writers that followed one another sort in order of age. */
export const newWriterId = (clock: Clock): string =>
  Math.floor(clock.now()).toString(36).padStart(9, '0') + Buffer.from(clock.randomBytes(4)).toString('hex');
