import { chatQuestion } from '../http/question.ts';
import { CHUNK_MS, STAMP } from '../http/upstream.ts';
import { sharedMicros } from '../rig/shared-clock.ts';
import { type Connection, connect } from './connection.ts';
import { StampReader } from './events.ts';
import type { StreamJob, StreamResult } from './jobs.ts';
import { Samples } from './samples.ts';

interface Line {
  connection: Connection | undefined;
  reader: StampReader;
  due: number;
  counted: boolean;
}

/** Connections opened for each stream that is to run at once. */
const SPARE = 1.1;

/**
 * Open loop: a stream lasts `chunks` gaps, so beginning `concurrent` of them per such time keeps that many running. First
 * tokens count from the moment a stream was due, late generator or not; how late it was is reported beside.
 */
export async function streams(job: StreamJob, phase: (p: 'begin' | 'end') => void): Promise<StreamResult> {
  const question = chatQuestion(job.address, job.chunks);
  const lasts = job.chunks * CHUNK_MS;
  const gap = lasts / job.concurrent;
  const total = Math.round((lasts + job.ms) / gap);
  const firstToken = new Samples();
  const chunkDelay = new Samples();
  const late = new Samples();
  const lines: Line[] = [];
  const free: Line[] = [];
  const { promise: over, resolve } = Promise.withResolvers<void>();
  let begun = 0;
  let ended = 0;
  let complete = 0;
  let failed = 0;
  let chunks = 0;
  let running = 0;
  let peak = 0;
  let measuring = false;
  let trouble: string | undefined;

  const leave = (line: Line, whole: boolean, why: string) => {
    if (ended === total) return;
    chunks += line.reader.chunks;
    if (whole) complete++;
    else {
      failed++;
      trouble ??= why;
    }
    running--;
    if (++ended === total) resolve();
  };
  const fresh = (line: Line) =>
    new StampReader(STAMP, (stamp) => {
      if (line.reader.chunks === 1 && line.counted) firstToken.add(sharedMicros() / 1e3 - line.due);
      if (measuring) chunkDelay.add((sharedMicros() - stamp) / 1e3);
    });
  const open = async (): Promise<Line> => {
    const line: Line = {
      connection: undefined,
      reader: new StampReader(STAMP, () => undefined),
      due: 0,
      counted: false,
    };
    line.connection = await connect(job.address.port, {
      body: (bytes, from, to) => line.reader.feed(bytes, from, to),
      end(status) {
        const { chunks, done } = line.reader;
        leave(line, status === 200 && done && chunks === job.chunks, `status ${status}, ${chunks} chunks`);
        free.push(line);
      },
      broken(why) {
        // Closed between two streams, which a server may do: the next stream takes another connection.
        const at = free.indexOf(line);
        if (at >= 0) free.splice(at, 1);
        else leave(line, false, why);
      },
    });
    lines.push(line);
    return line;
  };
  const start = async (index: number, due: number, counted: boolean) => {
    running++;
    if (running > peak) peak = running;
    const line = free.pop() ?? (await open());
    line.due = due;
    line.counted = counted;
    line.reader = fresh(line);
    late.add(sharedMicros() / 1e3 - due);
    line.connection?.send(question.numbered(job.first + index));
  };

  // Opened beforehand: a client's pool is warm, and accepting connections is not what a first token waits for.
  for (let i = 0; i < job.concurrent * SPARE; i++) free.push(await open());
  const began = sharedMicros() / 1e3;
  const timer = setInterval(() => {
    const now = sharedMicros() / 1e3;
    if (!measuring && now >= began + lasts && begun < total) {
      measuring = true;
      phase('begin');
    }
    for (; begun < total && began + begun * gap <= now; begun++) {
      const due = began + begun * gap;
      start(begun, due, due >= began + lasts).catch((error: unknown) => {
        trouble ??= String(error);
        failed++;
        running--;
        if (++ended === total) resolve();
      });
    }
    if (measuring && begun === total) {
      measuring = false;
      phase('end');
      clearInterval(timer);
    }
  }, 1);
  const limit = setTimeout(
    () => {
      if (ended === total) return;
      failed += total - ended;
      trouble ??= `${total - ended} streams had not ended ${job.patienceMs} ms after their time`;
      ended = total;
      resolve();
    },
    lasts * 2 + job.ms + job.patienceMs,
  );
  await over;
  clearTimeout(limit);
  for (const { connection } of lines) connection?.close();
  return {
    sent: begun,
    answered: complete,
    failed,
    ...(trouble !== undefined && { trouble }),
    firstToken: firstToken.spread(),
    chunkDelay: chunkDelay.spread(),
    chunks,
    complete,
    peak,
    late: late.spread(),
  };
}
