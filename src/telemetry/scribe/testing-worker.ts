import { appendFileSync, existsSync, rmSync } from 'node:fs';
import type { ExchangeWriter } from '#contracts';
import { systemClock } from '#kernel';
import { nodeSpoolFiles } from '../files.ts';
import { plainProtocols } from '../testing.ts';
import { lowerThreadPriority, workerPort } from '../thread.ts';
import { createScribe } from './scribe.ts';
import { runScribeWorker } from './worker.ts';

/** A scribe's thread for the tests. It "commits" by appending ids to a file; a file named `crash` or `refuse` makes it fail once, one named `hold` makes it wait. */
export interface Given {
  readonly spool: string;
  readonly rows: string;
  readonly crash: string;
  readonly refuse: string;
  readonly hold: string;
}

const clock = systemClock();

void runScribeWorker({
  port: workerPort(),
  clock,
  lowerPriority: lowerThreadPriority,
  statsMs: 5,
  make(given, log) {
    const { spool, rows, crash, refuse, hold } = given as Given;
    if (existsSync(refuse)) {
      rmSync(refuse);
      throw new Error('no database yet');
    }
    const writer: ExchangeWriter = {
      async write(batch) {
        if (existsSync(crash)) {
          rmSync(crash);
          // Outside of any promise the scribe holds: nothing can catch it.
          clock.after(0, () => {
            throw new Error('boom');
          });
          await new Promise(() => undefined);
        }
        while (existsSync(hold)) await clock.sleep(1);
        appendFileSync(rows, batch.map(({ exchange }) => `${exchange.id}\n`).join(''));
        return { inserted: batch.length };
      },
    };
    return createScribe({
      files: nodeSpoolFiles(spool),
      protocols: plainProtocols,
      writer,
      clock,
      log,
      pollMs: 5,
    });
  },
});
