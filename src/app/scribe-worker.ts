import { systemClock } from '#kernel';
import { protocolByName } from '#protocols';
import { openStore } from '#store';
import {
  createScribe,
  createSweep,
  lowerThreadPriority,
  nodeSpoolFiles,
  runScribeWorker,
  workerPort,
} from '#telemetry';
import type { ScribeGiven } from './scribe-thread.ts';

/** The scribe's own thread: its own files, its own connections, nothing shared with the gateway but the folder. */
const clock = systemClock();
let release: () => Promise<void> = async () => undefined;

await runScribeWorker({
  port: workerPort(),
  clock,
  lowerPriority: lowerThreadPriority,
  sweep: createSweep(),
  release: () => release(),
  make(given, log) {
    const { databaseUrl, spool } = given as ScribeGiven;
    const store = openStore({ url: databaseUrl, clock, log, background: true });
    release = () => store.close();
    return createScribe({
      files: nodeSpoolFiles(spool),
      protocols: protocolByName,
      writer: store,
      clock,
      log,
    });
  },
});
