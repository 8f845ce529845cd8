import { dlopen, FFIType } from 'bun:ffi';
import { heapSize } from 'bun:jsc';
import { setPriority } from 'node:os';
import { messageOf } from './message.ts';
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

/** What a heap may grow by, bytes, until it is swept. */
const SWEEP_STEP = 16 * 1024 * 1024;

/**
 * Collects whatever is dead in the calling thread's heap once it has grown by `step` bytes. Batches outlive the short collections
 * that come with the megabytes read beside them, so all of them end among the old, which are looked at again only when the heap has
 * trebled: 140 MB of which 40 are alive. Swept early it stays near 50, at the same cost, since there is less to look through.
 */
export function createSweep(step = SWEEP_STEP): () => void {
  let alive = heapSize();
  return () => {
    if (heapSize() < alive + step) return;
    Bun.gc(true);
    alive = heapSize();
  };
}

declare const self: Worker;

/** The wire of the thread this is called in. */
export const workerPort = (): WorkerPort => ({
  post: (said) => self.postMessage(said),
  receive(listener) {
    self.onmessage = ({ data }: MessageEvent<ToScribe>) => listener(data);
  },
});

/** Where Linux has its functions, by the name of the C library; `syscall` since musl's own `sched_setscheduler` only refuses. */
const LIBRARIES = ['libc.so.6', `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`];
const SET_SCHEDULER = process.arch === 'arm64' ? 119 : 144;
const SCHED_IDLE = 5;
/** What the thread is given where it cannot be idle: one part in seventy of a core that both want. */
const LAST_NICE = 19;

/**
 * Makes the calling thread run only when nothing else wants its core; the kernel leaves it three parts in a thousand and
 * takes the core away the moment another thread wakes. A nice value alone is not enough: whoever wakes while a nice
 * thread runs waits until its slice of three milliseconds is over, and a question that came meanwhile waits too.
 *
 * On Linux priorities belong to threads, 0 names the caller. Elsewhere they belong to the process, and lowering them would slow the gateway.
 * An ordinary user cannot raise what was lowered; whoever wants a thread of normal priority again starts a new one.
 *
 * @throws Error with the reason when the thread was made nice instead of idle, or neither
 */
export function lowerThreadPriority(): void {
  if (process.platform !== 'linux')
    throw new Error(`threads have no priority of their own on ${process.platform}`);
  try {
    if (Number(setScheduler(SCHED_IDLE)) !== 0) throw new Error('the kernel refused');
  } catch (error) {
    setPriority(0, LAST_NICE);
    throw new Error(`nice ${LAST_NICE} in place of idle: ${messageOf(error)}`);
  }
}

function setScheduler(policy: number): bigint {
  let missing: unknown;
  for (const name of LIBRARIES) {
    try {
      const { symbols } = dlopen(name, {
        syscall: {
          args: [FFIType.i64, FFIType.i64, FFIType.i64, FFIType.ptr],
          returns: FFIType.i64,
        },
      });
      // Of this policy the only parameter is a priority, which must be 0.
      return symbols.syscall(SET_SCHEDULER, 0, policy, new Int32Array(1));
    } catch (error) {
      missing = error;
    }
  }
  throw missing;
}
