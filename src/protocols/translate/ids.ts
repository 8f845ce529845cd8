import { sha256 } from '#kernel';
import { encode } from '../shared/json.ts';

/**
 * A call's id as the target takes it: the same, or where letters or length do not fit a hash of it. One id always becomes
 * the same other one, so that calls and results still find each other, in this ask and in the next.
 */
export const mapId = (id: string, fits: RegExp): string =>
  fits.test(id) ? id : `mw_${sha256(encode(id)).slice(0, 32)}`;
