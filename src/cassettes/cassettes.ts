import type { AnswerTaker, Fields, Result, Transport, TransportCall, TransportRequest } from '#contracts';
import { readRetryAfter } from '#kernel/resilience';
import { type CheckOptions, type CheckReport, check } from './check.ts';
import { endingOf, isStream } from './ending.ts';
import { asker } from './key.ts';
import { library } from './library.ts';
import { maskReads, maskValue } from './mask.ts';
import { tellMiss } from './miss.ts';
import { type Observed, observe } from './observe.ts';
import { play } from './play.ts';
import type { Bill, Cassette, CassettesOptions, Chunk, Miss, Question, Take, WasteReport } from './types.ts';
import { wasteMeter } from './waste.ts';

export interface Cassettes {
  readonly transport: Transport;
  report(): WasteReport;
  /** Writes what is recorded and not yet written; throws what the folder throws. Called by itself within `FLUSH_AFTER`. */
  flush(): void;
  /** Counts identical calls from the first again, for another run of the same suite against the same process. */
  rewind(): void;
  /** Makes the proposed answers of a cassette the recorded ones, with a reviewer's note. */
  accept(key: string, note: string): Result<boolean, string>;
  check(options: CheckOptions): Promise<CheckReport>;
}

/** Milliseconds after which a recording is in its file; a process killed earlier loses it and asks again. */
const FLUSH_AFTER = 200;
/** Keys of live calls that are remembered to recognise repeats; beyond it the oldest is forgotten. */
const LIVE_KEYS = 100_000;
/** What an answer's reader may look at. Everything else of the head belongs to one moment, one account or one connection. */
const KEPT = [
  'content-type',
  'request-id',
  'x-request-id',
  'openai-model',
  'openai-processing-ms',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
];

/** Wraps a transport so that calls are recorded, replayed or counted. See README.md for what the key is made of. */
export function createCassettes(options: CassettesOptions): Cassettes {
  const { inner, mode, files, clock, mask, bill, release, maxAge } = options;
  const {
    exhausted = 'miss',
    speed = 'recorded',
    keep = mode === 'record' ? 'all' : 'whole',
    expired = 'serve',
    maxBytes = 32 * 1024 ** 2,
  } = options;
  // Live and unpriced, nobody will look at the bytes.
  const heard = mode === 'live' && !bill ? 0 : maxBytes;
  const read = asker(options.match);
  const shelf = library(files);
  const meter = wasteMeter(mode, bill !== undefined);
  const asked = new Map<string, number>();
  let pending: (() => void) | undefined;
  let unwritten: string | undefined;

  const flush = () => {
    pending?.();
    pending = undefined;
    shelf.flush();
    unwritten = undefined;
  };
  const flushSoon = () => {
    pending ??= clock.after(FLUSH_AFTER, () => {
      pending = undefined;
      try {
        flush();
      } catch (error) {
        // Nobody waits for a background write, so nobody could catch it: the report says it and the next one tries again.
        unwritten = (error as Error).message;
      }
    });
  };

  const nth = (key: string): number => {
    const n = asked.get(key) ?? 0;
    asked.set(key, n + 1);
    if (mode === 'live' && asked.size > LIVE_KEYS) asked.delete(asked.keys().next().value as string);
    return n;
  };

  const miss = (question: Question, reason: Miss['reason'], problem?: string): Miss =>
    meter.missed(question.key, () => {
      const { key, path, model } = question;
      // Masked before it is shortened: half a secret would no longer be recognised as one.
      const shown = { ...question, body: maskValue(question.body, mask) };
      const near = reason === 'unknown' ? shelf.nearest(shown) : undefined;
      return {
        key,
        path: mask(path),
        ...(model === undefined ? {} : { model }),
        reason,
        ...(near ? { nearest: near.key } : {}),
        differences: problem ? [{ path: 'file', recorded: problem }] : (near?.comparison.differences ?? []),
        count: 1,
      };
    });

  /** The take for the nth call of a key, or why there is none. Past the last one, `exhausted` decides. */
  const takeFor = (cassette: Cassette | undefined, n: number): Take | 'unknown' | 'exhausted' | 'expired' => {
    const takes = cassette?.takes ?? [];
    if (takes.length === 0) return 'unknown';
    const past =
      exhausted === 'loop' ? takes[n % takes.length] : exhausted === 'last' ? takes.at(-1) : undefined;
    const take = takes.find((t) => t.occurrence === n) ?? past;
    if (!take) return 'exhausted';
    if (maxAge === undefined || clock.now() - take.recordedAt <= maxAge) return take;
    if (expired === 'miss') return 'expired';
    meter.count('expired');
    return take;
  };

  const replay = (question: Question, take: Take, taker: AnswerTaker): TransportCall => {
    meter.replayed(take.bill);
    return play(take, `${question.key}#${take.occurrence}`, taker, { clock, speed });
  };

  const priced = (request: TransportRequest, { status, headers, reads }: Observed): Bill | undefined =>
    status === undefined || !reads
      ? undefined
      : bill?.(request, { status, headers, body: Buffer.concat(reads.map((r) => r.bytes)) });

  const record = (
    request: TransportRequest,
    question: Question,
    n: number,
    repeat: boolean,
    taker: AnswerTaker,
  ) =>
    observe(inner, request, taker, { clock, maxBytes: heard }, (observed) => {
      const cassette = mode === 'live' ? undefined : shelf.find(question.key);
      const before = cassette?.ok ? cassette.value?.takes.find((t) => t.occurrence === n) : undefined;
      const paid = priced(request, observed);
      meter.paid(paid, repeat || before !== undefined);
      if (!cassette) return;
      const ended = endingOf(observed);
      if (!cassette.ok || !observed.reads || (ended !== 'whole' && keep === 'whole'))
        return meter.count('dropped');
      const under = release?.(request);
      const take: Take = {
        occurrence: n,
        recordedAt: clock.now(),
        ...(under === undefined ? {} : { release: under }),
        ended,
        ...(observed.trouble ? { trouble: mask(observed.trouble.detail) } : {}),
        ...(paid ? { bill: paid } : {}),
        ...(observed.status === undefined ? {} : { status: observed.status }),
        headers: {
          ...headersOf(observed.headers, mask),
          ...(ended === 'failed' && waitOf(observed.headers, clock.now())),
        },
        ...(observed.headAt === undefined ? {} : { headAt: observed.headAt }),
        endAt: observed.endAt,
        chunks: maskReads(observed.reads, isStream(observed), mask),
      };
      const { method, host, path, headers, body } = question;
      const stored = { method, host, path: mask(path), headers, body: maskValue(body, mask) };
      // A failure on file was a moment's; what comes instead of it takes nothing from anybody that was relied on.
      if (before?.ended !== 'whole') {
        shelf.add(question, stored, take);
        meter.count('recorded');
      } else if (textOf(before) !== textOf(take)) {
        // Never over a recording without a reviewer: a suite rewritten from live answers only repeats them.
        shelf.propose(question, stored, take);
        meter.count('proposed');
      }
      flushSoon();
    });

  const transport: Transport = (request, taker) => {
    const question = read(request);
    const seen = shelf.has(question.key) || asked.has(question.key);
    const n = nth(question.key);
    meter.count('calls');
    if (mode === 'replay' || mode === 'auto') {
      const found = shelf.find(question.key);
      // An unreadable file is a miss in both modes: to record over it would destroy what may only need mending.
      if (!found.ok) return tellMiss(question, miss(question, 'unreadable', found.error), taker, clock);
      const take = takeFor(found.value, n);
      if (typeof take !== 'string') return replay(question, take, taker);
      if (mode === 'replay') return tellMiss(question, miss(question, take), taker, clock);
    }
    return record(request, question, n, mode === 'live' && seen, taker);
  };

  return {
    transport,
    report: () => ({ ...meter.report(), ...(unwritten === undefined ? {} : { unwritten }) }),
    flush,
    rewind: () => asked.clear(),
    accept: (key, note) => shelf.accept(key, { at: clock.now(), note }),
    check: (how) => check(shelf, { clock, maxBytes, ...(maxAge === undefined ? {} : { maxAge }) }, how),
  };
}

function headersOf(headers: Fields, mask: (text: string) => string): Fields {
  const kept: Record<string, string> = {};
  for (const name of KEPT) {
    const value = headers[name];
    if (value !== undefined) kept[name] = mask(value);
  }
  return kept;
}

/**
 * A refusal asks for its wait in many fields, some of them instants: by the time it is replayed they are past, and whoever
 * waited then would not wait now.
 */
function waitOf(headers: Fields, now: number): Fields {
  const wait = readRetryAfter(headers, now);
  return wait === undefined ? {} : { 'retry-after-ms': String(Math.round(wait)) };
}

/** What a take says, without when and in which pieces. */
const textOf = ({ status, ended, chunks }: Take): string =>
  `${status} ${ended} ${chunks.map(bodyOf).join('')}`;
const bodyOf = (chunk: Chunk): string =>
  'text' in chunk ? chunk.text : Buffer.from(chunk.base64, 'base64').toString('latin1');
