import type { BodyHash, ChainHash } from '#contracts';

/** SHA-256 as 64 hex digits. Bun's own digest takes about a microsecond for a short text; Web Crypto is asynchronous and slower. */
export const sha256 = (data: string | Uint8Array): string => Bun.SHA256.hash(data, 'hex');

export const hashBody = (body: Uint8Array): BodyHash => sha256(body).slice(0, 32) as BodyHash;

export const hashLink = (before: ChainHash | undefined, message: BodyHash): ChainHash =>
  sha256(`${before ?? ''}>${message}`).slice(0, 32) as ChainHash;
