import { constants } from 'node:os';
import { InvalidArgumentError } from 'commander';
import { systemClock } from '#kernel';

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Resolves when somebody asks this process to end. */
export const untilSignal = (signals: readonly NodeJS.Signals[] = ENDING): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of signals) process.once(signal, () => resolve());
  });

/** Within so many milliseconds a second signal is the first one, heard twice. */
const SAME_SIGNAL = 1_000;

/**
 * Resolves when somebody asks this process to end; whoever asks again ends it at once. npm passes a Ctrl-C on to its script, which the
 * terminal has told already: taken for a second request, it would cut every stream.
 */
export const untilTold = (signals: readonly NodeJS.Signals[] = ENDING): Promise<void> =>
  new Promise((resolve) => {
    const clock = systemClock();
    let first: number | undefined;
    for (const signal of signals)
      process.on(signal, () => {
        if (first === undefined) {
          first = clock.monotonic();
          resolve();
        } else if (clock.monotonic() - first > SAME_SIGNAL) process.exit(128 + constants.signals[signal]);
      });
  });

/** A signal that aborts at the first request to end. */
export function abortOnSignal(): AbortSignal {
  const controller = new AbortController();
  void untilSignal().then(() => controller.abort());
  return controller.signal;
}

export function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('a port is a whole number from 0 to 65535.');
  return value;
}

export function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('give a whole number from 1.');
  return value;
}
