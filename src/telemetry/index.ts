export { nodeSpoolFiles } from './files.ts';
export { createLiveFeed, type LiveOptions } from './live.ts';
export { createRedactor } from './redact/redactor.ts';
export type { BodyRedactor } from './redact/types.ts';
export {
  hostScribe,
  type ScribeHost,
  type ScribeHostOptions,
  type ScribeThread,
  type SpawnScribe,
} from './scribe/host.ts';
export { createScribe, type Scribe, type ScribeOptions, type ScribeStats } from './scribe/scribe.ts';
export { runScribeWorker, type ScribeWorkerOptions, type WorkerPort } from './scribe/worker.ts';
export { salvage } from './spool/pending.ts';
export type { SpoolFile, SpoolFiles } from './spool/port.ts';
export {
  createRecorder,
  type RecorderOptions,
  type SpoolProgress,
  type SpoolRecorder,
} from './spool/recorder.ts';
export { createSweep, lowerThreadPriority, spawnWorker, workerPort } from './thread.ts';
