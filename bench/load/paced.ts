import { chatQuestion } from '../http/question.ts';
import { connect } from './connection.ts';
import type { PacedJob, PacedResult } from './jobs.ts';
import { Samples } from './samples.ts';

/**
 * Open loop on one connection. Question i is due at i/rate. An answer that is late makes the next ones wait, and their
 * latency counts from when they were due: leaving that out is coordinated omission. When the line was free and the
 * generator's own timer came late, the caller is served from the moment of sending; that lateness is reported by itself.
 */
export async function paced(job: PacedJob, phase: (p: 'begin' | 'end') => void): Promise<PacedResult> {
  const question = chatQuestion(job.address);
  const samples = new Samples();
  const late = new Samples();
  const gap = 1_000 / job.rate;
  const warm = Math.round(job.warmMs / gap);
  const total = warm + Math.round(job.ms / gap);
  const { promise: over, resolve, reject } = Promise.withResolvers<void>();
  let sent = 0;
  let answered = 0;
  let failed = 0;
  let trouble: string | undefined;
  let busy = false;
  let freeAt = 0;
  let since = 0;

  const connection = await connect(job.address.port, {
    end(status) {
      const now = performance.now();
      if (status === 200) answered++;
      else {
        failed++;
        trouble ??= `status ${status}`;
      }
      if (sent > warm) samples.add(now - since);
      busy = false;
      freeAt = now;
      if (sent === total) resolve();
      else if (began + sent * gap <= now) ask();
    },
    broken: (why) => reject(new Error(why)),
  });
  const ask = () => {
    const due = began + sent * gap;
    const now = performance.now();
    if (sent === warm) phase('begin');
    // Still busy when it was due: waiting began then. Free: the caller waits since now, the timer was late.
    since = freeAt > due ? due : now;
    if (sent >= warm) late.add(now - Math.max(due, freeAt));
    busy = true;
    connection.send(question.numbered(job.first + sent));
    sent++;
  };
  const began = performance.now() + gap;
  freeAt = began;
  // A timer a millisecond, not one per question: Bun's shortest is a millisecond anyway.
  const timer = setInterval(() => {
    if (!busy && sent < total && began + sent * gap <= performance.now()) ask();
  }, 1);
  try {
    await over;
  } finally {
    clearInterval(timer);
    connection.close();
    phase('end');
  }
  return {
    sent,
    answered,
    failed,
    ...(trouble !== undefined && { trouble }),
    latency: samples.spread(),
    late: late.spread(),
  };
}
