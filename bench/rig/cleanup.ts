import { mkdtempSync, rmSync } from 'node:fs';
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
  return { path, remove: undoLater(() => rmSync(path, { recursive: true, force: true })) };
}
