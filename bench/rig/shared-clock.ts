import { dlopen, ptr } from 'bun:ffi';

const CLOCK_MONOTONIC = 1;
const { symbols } = dlopen('libc.so.6', { clock_gettime: { args: ['i32', 'ptr'], returns: 'i32' } });
const time = new BigInt64Array(2);
const halves = new Int32Array(time.buffer);
const address = ptr(time);

/**
 * Microseconds on the kernel's monotonic clock, the same in every process of this machine. Bun's own clocks count from
 * the start of their process, so a chunk stamped by the upstream could not be compared with its arrival at the client.
 */
export function sharedMicros(): number {
  symbols.clock_gettime(CLOCK_MONOTONIC, address);
  // Seconds since boot and nanoseconds both fit 32 bits; reading halves spares two BigInts per chunk.
  return (halves[0] as number) * 1e6 + (halves[2] as number) / 1e3;
}
