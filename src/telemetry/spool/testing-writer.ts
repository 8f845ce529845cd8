import { writeSync } from 'node:fs';
import { systemClock } from '#kernel';
import { nodeSpoolFiles } from '../files.ts';
import { createRedactor } from '../redact/redactor.ts';
import { finishedOf, plainProtocols } from '../testing.ts';
import { createRecorder } from './recorder.ts';

/** A process that records as fast as it can until it is killed, and says on its standard output the number of each that is recorded. */
const clock = systemClock();
const recorder = createRecorder({
  files: nodeSpoolFiles(process.argv[2] as string),
  clock,
  log: () => undefined,
  redactor: createRedactor(),
  protocols: plainProtocols,
  maxBytes: 1e9,
  segmentBytes: 200_000,
});

let n = 0;
const burst = () => {
  for (let i = 0; i < 20; i++) {
    recorder.record(finishedOf(n));
    writeSync(1, `${n++}\n`);
  }
  clock.after(0, burst);
};
burst();
