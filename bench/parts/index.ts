import type { Part } from '../part.ts';
import { abort } from './abort.ts';
import { consolePages } from './console.ts';
import { features } from './features.ts';
import { ingesting } from './ingest.ts';
import { latency } from './latency.ts';
import { memory } from './memory.ts';
import { spool } from './spool.ts';
import { start } from './start.ts';
import { storage } from './storage.ts';
import { streams } from './streams.ts';
import { throughput } from './throughput.ts';

/** In the order in which they run. */
export const PARTS: readonly Part[] = [
  throughput,
  latency,
  streams,
  features,
  start,
  memory,
  ingesting,
  storage,
  consolePages,
  abort,
  spool,
];
