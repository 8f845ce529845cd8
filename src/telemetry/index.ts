export { nodeSpoolFiles } from './files.ts';
export { createLiveFeed, type LiveOptions } from './live.ts';
export { createRedactor } from './redact/redactor.ts';
export type { BodyRedactor } from './redact/types.ts';
export { createScribe, type Scribe, type ScribeOptions, type ScribeStats } from './scribe/scribe.ts';
export type { SpoolFile, SpoolFiles } from './spool/port.ts';
export {
  createRecorder,
  type RecorderOptions,
  type SpoolProgress,
  type SpoolRecorder,
} from './spool/recorder.ts';
