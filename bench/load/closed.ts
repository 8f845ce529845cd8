import { chatQuestion } from '../http/question.ts';
import { type Connection, connect } from './connection.ts';
import type { ClosedJob, ClosedResult } from './jobs.ts';
import { Samples } from './samples.ts';

/** A connection that breaks more often than this is not a slip but a contender that cannot do it. */
const BREAKS = 1_000;

export async function closed(job: ClosedJob, phase: (p: 'begin' | 'end') => void): Promise<ClosedResult> {
  const question = chatQuestion(job.address);
  const most = job.count ?? Number.POSITIVE_INFINITY;
  const samples = new Samples();
  let number = job.first;
  let sent = 0;
  let answered = 0;
  let failed = 0;
  let broken = 0;
  let trouble: string | undefined;
  let measuring = false;
  let running = true;

  const caller = async (): Promise<void> => {
    for (let again = true; again; ) {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      let connection: Connection | undefined;
      let since = 0;
      const ask = () => {
        if (!running || sent >= most) return resolve(false);
        sent++;
        since = performance.now();
        connection?.send(question.numbered(number++));
      };
      connection = await connect(job.address.port, {
        end(status) {
          if (status === 200) answered++;
          else fail(`status ${status}`);
          if (measuring && status === 200) samples.add(performance.now() - since);
          ask();
        },
        broken(why) {
          broken++;
          fail(why);
          resolve(running && broken < BREAKS);
        },
      });
      ask();
      again = await promise;
      connection.close();
    }
  };
  const fail = (why: string) => {
    failed++;
    trouble ??= why;
  };

  const callers = Promise.all(Array.from({ length: job.connections }, caller));
  await Promise.race([callers, Bun.sleep(job.warmMs)]);
  phase('begin');
  const before = answered;
  const began = performance.now();
  measuring = true;
  await Promise.race([callers, Bun.sleep(job.ms)]);
  measuring = false;
  const seconds = (performance.now() - began) / 1_000;
  const measured = answered - before;
  phase('end');
  // Answers under way are waited for: what was sent must be found in the record.
  running = false;
  await callers;
  return {
    sent,
    answered,
    failed,
    ...(trouble !== undefined && { trouble }),
    measured,
    seconds,
    latency: samples.spread(),
  };
}
