import { setPriority } from 'node:os';
import type { SpawnScribe } from './scribe/host.ts';
import type { FromScribe, ToScribe } from './scribe/messages.ts';
import type { WorkerPort } from './scribe/worker.ts';

/** Threads and priorities of the real machine; like `files.ts` handed in by `app`. */

/**
 * Starts the scribe's thread from `url`. `smol` keeps its heap small: it only passes batches on.
 * The thread does not keep the process alive.
 */
export const spawnWorker =
  (url: string | URL): SpawnScribe =>
  ({ message, gone }) => {
    const worker = new Worker(url, { name: 'scribe', smol: true, ref: false });
    let reason = 'it ended';
    worker.onmessage = ({ data }: MessageEvent<FromScribe>) => message(data);
    worker.onerror = (event) => {
      reason = event.message;
    };
    worker.addEventListener('close', () => gone(reason), { once: true });
    return { post: (said) => worker.postMessage(said), terminate: () => worker.terminate() };
  };

declare const self: Worker;

/** The wire of the thread this is called in. */
export const workerPort = (): WorkerPort => ({
  post: (said) => self.postMessage(said),
  receive(listener) {
    self.onmessage = ({ data }: MessageEvent<ToScribe>) => listener(data);
  },
});

/**
 * On Linux a priority belongs to a thread and 0 names the caller's, so this slows the scribe and not the gateway. Nice 10
 * leaves it about a tenth of a core that both want: enough to keep the spool from growing for ever.
 */
export const lowerThreadPriority = (nice = 10): void => setPriority(0, nice);
