import type {
  Clock,
  Failure,
  FailureKind,
  Protocol,
  Reading,
  StreamScanner,
  Timeouts,
  Upstream,
  UpstreamResponse,
} from '#contracts';
import { fromError, seen } from './failures.ts';
import { answerHeaders } from './headers.ts';
import { requestId, type Try, type Walk } from './walk.ts';
import type { Dog, Watchdog } from './watchdog.ts';

/** Where a try has come to when the caller may be told something, or another target may be tried. */
export type Landing =
  | {
      readonly kind: 'whole';
      readonly head: Head;
      readonly body: Uint8Array;
      readonly reading: Reading;
    }
  | { readonly kind: 'streaming'; readonly head: Head; readonly stream: OpenStream }
  | {
      readonly kind: 'failed';
      readonly failure: Failure;
      readonly reading?: Reading;
      readonly refusal?: Refusal;
    };

/** What passes on of an answer's head. Taken out of the provider's headers once; each look into them costs. */
export interface Head {
  readonly status: number;
  readonly headers: Record<string, string>;
}

/** A stream past the commit gate: its first real output has been seen and is held, nothing has been sent. */
export interface OpenStream {
  readonly held: Uint8Array[];
  readonly reader: ChunkReader;
  readonly scanner: StreamScanner;
  readonly line: Line;
}

/** Reads chunks; Bun's and Node's types of the reader differ in methods that nobody needs here. */
export interface ChunkReader {
  read(): Promise<
    { readonly done: false; readonly value: Uint8Array } | { readonly done: true; readonly value?: undefined }
  >;
  cancel(): Promise<void>;
}

/** The provider's own error answer, which passes to a caller of the same dialect as it is. */
export interface Refusal {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** The one abort signal of a try, with the reason why. */
export interface Line {
  readonly signal: AbortSignal;
  readonly cause: FailureKind | undefined;
  readonly dog: Dog;
  cut(cause: FailureKind): void;
}

export function openLine(watchdog: Watchdog): Line {
  const controller = new AbortController();
  let cause: FailureKind | undefined;
  const cut = (why: FailureKind) => {
    cause ??= why;
    controller.abort();
  };
  const dog = watchdog.watch(cut);
  return {
    signal: controller.signal,
    get cause() {
      return cause;
    },
    dog,
    cut,
  };
}

export interface TryContext {
  readonly clock: Clock;
  readonly upstream: Upstream;
  readonly protocol: Protocol;
  readonly walk: Walk;
  readonly one: Try;
  readonly line: Line;
  readonly timeouts: Timeouts;
  /** When the whole exchange must be over. */
  readonly deadline: number;
  readonly request: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array;
  };
}

/** The nearer of a step's own limit and the end of the exchange. */
export function expect(line: Line, clock: Clock, deadline: number, kind: FailureKind, ms: number): void {
  const left = deadline - clock.monotonic();
  if (left < ms) line.dog.expect('timeout_total', left);
  else line.dog.expect(kind, ms);
}

/** Makes one call and follows it to the commit gate. Never throws: whatever happens is a landing. */
export async function attempt(ctx: TryContext): Promise<Landing> {
  const { clock, line, one, walk, timeouts } = ctx;
  const streaming = walk.facets.stream;
  expect(
    line,
    clock,
    ctx.deadline,
    'timeout_headers',
    streaming ? timeouts.headers : Number.POSITIVE_INFINITY,
  );
  let response: UpstreamResponse;
  try {
    const { url, headers, body } = ctx.request;
    response = await ctx.upstream({ url, headers, body, method: 'POST', signal: line.signal });
  } catch (error) {
    return { kind: 'failed', failure: seen(line.cause ?? fromError(error, 'connect')) };
  }
  one.status = response.status;
  one.headers = clock.monotonic() - one.start;
  const head = { status: response.status, headers: answerHeaders(response.headers) };
  const id = requestId(head.headers);
  if (id) one.providerRequestId = id;
  if (response.status < 200 || response.status >= 300) return refused(ctx, response, head);
  const type = head.headers['content-type'] ?? '';
  const isStream = type.startsWith('text/event-stream');
  if (isStream !== streaming || (!isStream && !isJson(type))) return mislabelled(ctx, response, type);
  return streaming ? untilCommit(ctx, response, head) : whole(ctx, response, head);
}

const isJson = (type: string): boolean => /[/+]json\b/.test(type);

async function whole(ctx: TryContext, response: UpstreamResponse, head: Head): Promise<Landing> {
  const body = await readAll(ctx, response);
  if ('kind' in body) return body;
  const reading = ctx.protocol.readAnswer(body.bytes);
  ctx.one.firstByte = ctx.clock.monotonic() - ctx.one.start;
  ctx.one.firstToken = ctx.one.firstByte;
  // A turn that pauses, or an answer still in the queue, is not good, but it is an answer with a reason for its end.
  const paused = reading.finish !== undefined && reading.failure?.kind === 'cut';
  if (reading.failure && !paused) return { kind: 'failed', failure: reading.failure, reading };
  return { kind: 'whole', head, body: body.bytes, reading };
}

async function untilCommit(ctx: TryContext, response: UpstreamResponse, head: Head): Promise<Landing> {
  const { clock, line, one } = ctx;
  const scanner = ctx.protocol.scanStream();
  const failed = (kind: FailureKind): Landing => ({
    kind: 'failed',
    failure: seen(kind),
    reading: scanner.read(false),
  });
  if (!response.body) return failed('empty');
  const reader = response.body.getReader() as ChunkReader;
  const held: Uint8Array[] = [];
  expect(line, clock, ctx.deadline, 'timeout_first_token', ctx.timeouts.firstToken);
  for (;;) {
    let part: Awaited<ReturnType<typeof reader.read>>;
    try {
      part = await reader.read();
    } catch (error) {
      return failed(line.cause ?? fromError(error, 'body'));
    }
    if (part.done) return failed(scanner.events === 0 ? 'empty' : 'cut');
    one.firstByte ??= clock.monotonic() - one.start;
    held.push(part.value);
    scanner.push(part.value);
    if (scanner.failure) {
      abandon(line, reader);
      return { kind: 'failed', failure: scanner.failure, reading: scanner.read(false) };
    }
    if (scanner.started) {
      one.firstToken = clock.monotonic() - one.start;
      return { kind: 'streaming', head, stream: { held, reader, scanner, line } };
    }
    // A reason for the end without output is an answer (a filter's, say); a terminator without a reason is none.
    if (scanner.finished) return { kind: 'streaming', head, stream: { held, reader, scanner, line } };
    if (scanner.ended) {
      abandon(line, reader);
      return failed('empty');
    }
  }
}

/** Stops reading; the connection is given up, since what would still come on it is not wanted. */
export function abandon(line: Line, reader: ChunkReader): void {
  line.cut('client_left');
  // Cancelling a stream that has errored rejects with that same error, which is known already.
  reader.cancel().catch(() => undefined);
}

async function refused(ctx: TryContext, response: UpstreamResponse, head: Head): Promise<Landing> {
  const body = await readAll(ctx, response);
  if ('kind' in body) return body;
  const failure = ctx.protocol.readError(response.status, Object.fromEntries(response.headers), body.bytes);
  return {
    kind: 'failed',
    failure,
    refusal: { ...head, body: body.bytes },
  };
}

/** A 200 of the wrong content type: an error in disguise, or a page of some proxy on the way. */
async function mislabelled(ctx: TryContext, response: UpstreamResponse, type: string): Promise<Landing> {
  const body = await readAll(ctx, response);
  if ('kind' in body) return body;
  const reading = readAsWhatItIs(ctx.protocol, body.bytes);
  if (reading.failure && isJson(type)) return { kind: 'failed', failure: reading.failure, reading };
  const wanted = ctx.walk.facets.stream ? 'text/event-stream' : 'application/json';
  return {
    kind: 'failed',
    failure: seen(
      'bad_content_type',
      `The provider answered 200 with content type "${type || 'none'}" where ${wanted} was due.`,
    ),
    // Right bytes under a wrong label were made by a model and are billed; a page of some proxy was not.
    ...(reading.usage.basis === 'reported' && { reading }),
  };
}

/** A stream or a body, whatever the label says: a JSON object begins with a brace, no event does. */
function readAsWhatItIs(protocol: Protocol, body: Uint8Array): Reading {
  const first = body.find((byte) => byte > 0x20);
  if (first === 0x7b) return protocol.readAnswer(body);
  const scanner = protocol.scanStream();
  scanner.push(body);
  return scanner.read(true);
}

async function readAll(
  ctx: TryContext,
  response: UpstreamResponse,
): Promise<{ readonly bytes: Uint8Array } | Landing> {
  try {
    return { bytes: await response.bytes() };
  } catch (error) {
    return { kind: 'failed', failure: seen(ctx.line.cause ?? fromError(error, 'body')) };
  }
}
