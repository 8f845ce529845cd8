import type { Log } from '#contracts';
import { nodeSpoolFiles, salvage } from '#telemetry';

/** About the size of one exchange in the spool: a guess for the moment before the scribe has counted. */
const TYPICAL_FRAME = 2_000;

/**
 * What an earlier run left behind, that which its last milliseconds had not brought into a segment included; a start after a
 * crash must not say that nothing is waiting. Called before anything is recorded.
 */
export function leftInSpool(
  folder: string,
  log: Log,
): { readonly waiting: number; readonly lagMs: number } | undefined {
  const files = nodeSpoolFiles(folder);
  try {
    salvage(files);
  } catch (error) {
    log('error', 'spool.salvage', { reason: String(error), instead: 'the next start tries again' });
  }
  const bytes = files.list().reduce((sum, file) => sum + file.size, 0);
  return bytes > 0 ? { waiting: Math.ceil(bytes / TYPICAL_FRAME), lagMs: 0 } : undefined;
}
