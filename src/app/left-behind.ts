import { nodeSpoolFiles } from '#telemetry';

/** About the size of one exchange in the spool: a guess for the moment before the scribe has counted. */
const TYPICAL_FRAME = 2_000;

/** What an earlier run left behind; a start after a crash must not say that nothing is waiting. */
export function leftInSpool(
  folder: string,
): { readonly waiting: number; readonly lagMs: number } | undefined {
  const bytes = nodeSpoolFiles(folder)
    .list()
    .reduce((sum, file) => sum + file.size, 0);
  return bytes > 0 ? { waiting: Math.ceil(bytes / TYPICAL_FRAME), lagMs: 0 } : undefined;
}
