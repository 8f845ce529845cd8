import { z } from 'zod';
import type { KeyRecord } from '#contracts';

/** Where the key snapshot is kept: a file with mode 0600, replaced as a whole. Supplied by `app`. */
export interface SnapshotFile {
  /** Undefined when there is none yet. */
  read(): Promise<string | undefined>;
  write(text: string): Promise<void>;
}

const snapshotSchema = z.strictObject({
  format: z.literal(1),
  keys: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      owner: z.string().optional(),
      hash: z.string().regex(/^[0-9a-f]{64}$/),
      routes: z.array(z.string()).optional(),
      tenant: z.string().optional(),
      createdAt: z.number(),
      expiresAt: z.number().optional(),
      revokedAt: z.number().optional(),
      hint: z.string(),
    }),
  ),
});

/** Hashes only: whoever reads the file learns which keys exist, not the keys. */
export const writeSnapshot = (keys: readonly KeyRecord[]): string => JSON.stringify({ format: 1, keys });

/** Throws when the text is not a snapshot of this format: half a list of keys must not pass for all of them. */
export const readSnapshot = (text: string): readonly KeyRecord[] =>
  snapshotSchema.parse(JSON.parse(text)).keys;
