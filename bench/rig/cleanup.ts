import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const steps = new Set<() => void | Promise<void>>();

/** Remembers how to undo something until it has been undone; returns the undoing. */
export function undoLater(step: () => void | Promise<void>): () => Promise<void> {
  steps.add(step);
  return async () => {
    if (steps.delete(step)) await step();
  };
}

/** Ends and removes what a part that failed, or was interrupted, has left: the last first. */
export async function cleanUp(): Promise<void> {
  for (const step of [...steps].reverse()) {
    steps.delete(step);
    // What cannot be undone must not keep the rest from being undone.
    try {
      await step();
    } catch (error) {
      console.error(error);
    }
  }
}

/** A folder for one measurement, and its removal. */
export function scratchFolder(): { readonly path: string; remove(): Promise<void> } {
  const path = mkdtempSync(join(tmpdir(), 'midwatch-bench-'));
  return { path, remove: undoLater(() => removeFolder(path)) };
}

/** `rmSync` gives up without a word when something in the folder changes meanwhile, as files of a server that ends do. */
async function removeFolder(path: string): Promise<void> {
  for (let tries = 0; tries < 50 && existsSync(path); tries++) {
    rmSync(path, { recursive: true, force: true });
    if (existsSync(path)) await Bun.sleep(50);
  }
}
