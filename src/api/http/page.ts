import type { PageQuery } from '#contracts';
import { badRequest } from './refusal.ts';

/** Reads a page; a cursor that the store never gave out (its `RangeError`) is the caller's mistake, not ours. */
export async function readPage<T>(
  { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
  read: (page: PageQuery) => Promise<T>,
): Promise<T> {
  try {
    return await read({ limit, ...(cursor !== undefined && { cursor }) });
  } catch (error) {
    if (cursor === undefined || !(error instanceof RangeError)) throw error;
    throw badRequest(
      'Parameter "cursor" is not one of this list.',
      'Give back `next` of the page before, or leave it out to begin with the newest.',
    );
  }
}
