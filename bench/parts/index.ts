import type { Part } from '../part.ts';
import { latency } from './latency.ts';
import { streams } from './streams.ts';
import { throughput } from './throughput.ts';

/** In the order in which they run. */
export const PARTS: readonly Part[] = [throughput, latency, streams];
