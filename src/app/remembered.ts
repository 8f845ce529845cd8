import type { Clock, Log } from '#contracts';
import { readIfThere, writeWhole, writeWholeLater } from './data-folder.ts';

/** State that lives in memory and outlives a restart as one small file of JSON: a restart is no amnesty, and no death sentence. */
export interface Remembered {
  /** Saves at once what must not be lost, such as the word of a person. */
  save(): void;
  /** Saves a last time. */
  stop(): Promise<void>;
}

/** What was saved, or undefined when nothing was or it cannot be read any more; the file is then overwritten in time. */
export function recall<T>(file: string, log: Log): T | undefined {
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    log('warn', 'remembered state is unreadable, starting without it', { file, error: String(error) });
    return undefined;
  }
}

/** `every`, milliseconds: what a crash may cost of what was learnt or spent. */
export function remember(
  file: string,
  state: () => unknown,
  every: number,
  clock: Clock,
  log: Log,
): Remembered {
  let written = '';
  let failing = false;
  /** The write under way behind the event loop. */
  let busy: Promise<void> | undefined;
  let overtaken = false;
  const failed = (error: unknown) => {
    // A full disk is told once; serving goes on, and the next turn tries again.
    if (!failing) log('warn', 'state could not be saved', { file, error: String(error) });
    failing = true;
  };
  const kept = (text: string) => {
    written = text;
    failing = false;
  };
  const save = () => {
    overtaken = busy !== undefined;
    const text = JSON.stringify(state());
    if (text === written) return;
    try {
      writeWhole(file, text);
      kept(text);
    } catch (error) {
      failed(error);
    }
  };
  const saveLater = () => {
    const text = JSON.stringify(state());
    if (busy || text === written) return;
    busy = writeWholeLater(file, text)
      .then(() => kept(text), failed)
      .then(() => {
        busy = undefined;
        // The older state has just replaced the newer one.
        if (overtaken) save();
      });
  };
  const stop = clock.every(every, saveLater);
  return {
    save,
    async stop() {
      stop();
      await busy;
      save();
    },
  };
}
