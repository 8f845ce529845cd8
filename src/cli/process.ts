import { InvalidArgumentError } from 'commander';

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Resolves when somebody asks this process to end. */
export const untilSignal = (signals: readonly NodeJS.Signals[] = ENDING): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of signals) process.once(signal, () => resolve());
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
