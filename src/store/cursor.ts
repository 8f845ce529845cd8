import { isUuid } from './copy.ts';

/** Where a page ended: the next one begins with what is older. Opaque outside, so that its content may change. */
export interface Cursor {
  readonly at: number;
  readonly id: string;
  readonly rest?: readonly string[];
}

export const encodeCursor = (cursor: Cursor): string =>
  Buffer.from(JSON.stringify([cursor.at, cursor.id, ...(cursor.rest ?? [])])).toString('base64url');

/** @throws RangeError for text this store never gave out */
export function decodeCursor(text: string | undefined): Cursor | undefined {
  if (text === undefined) return undefined;
  try {
    const [at, id, ...rest] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[];
    if (
      Number.isFinite(at) &&
      typeof id === 'string' &&
      isUuid(id) &&
      rest.every((r) => typeof r === 'string')
    )
      return { at: at as number, id, rest: rest as string[] };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new RangeError('the cursor is not one of this list: leave it out to begin with the newest');
}
