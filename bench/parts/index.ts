import type { Part } from '../part.ts';
import { latency } from './latency.ts';
import { memory } from './memory.ts';
import { start } from './start.ts';
import { streams } from './streams.ts';
import { throughput } from './throughput.ts';

/** In the order in which they run. */
export const PARTS: readonly Part[] = [throughput, latency, streams, start, memory];
