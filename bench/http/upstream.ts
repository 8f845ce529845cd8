import type { Socket } from 'bun';
import { sharedMicros } from '../rig/shared-clock.ts';
import { writeDigits } from './digits.ts';

export interface UpstreamOptions {
  readonly port: number;
  /** Told when a connection whose answer is not over is closed by the other side. */
  readonly onLeft?: (connection: number) => void;
  /** Told when a question has arrived whole, with its bytes. */
  readonly onAsked?: (connection: number, request: Buffer) => void;
  /** Told when an answer has been written to its end. */
  readonly onAnswered?: (connection: number) => void;
  /** Answers nothing: for callers who leave before the first byte. */
  readonly silent?: () => boolean;
}

export interface Upstream {
  readonly port: number;
  stop(): void;
}

interface Connection {
  readonly number: number;
  rest: Buffer | undefined;
  unsent: Buffer | undefined;
  stream: { left: number; slot: Set<Socket<Connection>> } | undefined;
  waiting: boolean;
}

/** Milliseconds between two chunks: 50 a second. */
export const CHUNK_MS = 20;
/** Width of the send time that each chunk carries as its text, microseconds on the shared clock. */
export const STAMP = 14;

const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = /\r\ncontent-length: *(\d+)/i;
const blank = (width: number) => '0'.repeat(width);

/**
 * The provider of this bench: OpenAI's chat completions over a bare socket, answers prepared as bytes. It has to be far
 * faster than any proxy, or the bench measures it. Answers are numbered, so that no two bodies are alike.
 */
export function serveUpstream(options: UpstreamOptions): Upstream {
  const whole = wholeAnswer();
  const chunk = streamChunk();
  const pace = pacer((socket) => step(socket));
  let connections = 0;
  let answers = 0;

  const write = (socket: Socket<Connection>, bytes: Buffer) => {
    const { data } = socket;
    if (data.unsent) {
      data.unsent = Buffer.concat([data.unsent, bytes]);
      return;
    }
    const sent = socket.write(bytes);
    if (sent < bytes.length) data.unsent = Buffer.from(bytes.subarray(Math.max(0, sent)));
  };

  const step = (socket: Socket<Connection>) => {
    const { stream } = socket.data;
    if (!stream) return;
    if (stream.left > 0) {
      stream.left--;
      writeDigits(chunk.bytes, chunk.at, STAMP, sharedMicros());
      write(socket, chunk.bytes);
      return;
    }
    stream.slot.delete(socket);
    socket.data.stream = undefined;
    write(socket, STREAM_END);
    options.onAnswered?.(socket.data.number);
  };

  const answer = (socket: Socket<Connection>, request: Buffer) => {
    const { data } = socket;
    options.onAsked?.(data.number, request);
    if (options.silent?.()) {
      data.waiting = true;
      return;
    }
    if (request.includes('"stream":true')) {
      const tokens = /"max_tokens":(\d+)/.exec(request.toString('latin1'))?.[1];
      write(socket, STREAM_HEAD);
      data.stream = { left: Number(tokens ?? 50), slot: pace.join(socket) };
      // The first token goes at once: whatever a proxy adds before it is the proxy's.
      step(socket);
      return;
    }
    answers++;
    for (const at of whole.at) writeDigits(whole.bytes, at, NUMBER, answers);
    write(socket, whole.bytes);
    options.onAnswered?.(data.number);
  };

  const server = Bun.listen<Connection>({
    hostname: '127.0.0.1',
    port: options.port,
    socket: {
      open(socket) {
        socket.setNoDelay(true);
        socket.data = {
          number: connections++,
          rest: undefined,
          unsent: undefined,
          stream: undefined,
          waiting: false,
        };
      },
      data(socket, part) {
        const { data } = socket;
        let bytes = data.rest ? Buffer.concat([data.rest, part]) : part;
        data.rest = undefined;
        while (bytes.length > 0) {
          const end = bytes.indexOf(HEAD_END);
          const length = end < 0 ? 0 : Number(LENGTH.exec(bytes.toString('latin1', 0, end))?.[1] ?? 0);
          const total = end + HEAD_END.length + length;
          if (end < 0 || bytes.length < total) {
            data.rest = Buffer.from(bytes);
            return;
          }
          answer(socket, bytes.subarray(0, total));
          bytes = bytes.subarray(total);
        }
      },
      drain(socket) {
        const { unsent } = socket.data;
        if (!unsent) return;
        socket.data.unsent = undefined;
        write(socket, unsent);
      },
      close(socket) {
        const { stream, waiting, number } = socket.data;
        stream?.slot.delete(socket);
        if (stream || waiting) options.onLeft?.(number);
      },
      error() {
        // A peer that resets its connection; `close` follows.
      },
    },
  });
  return {
    port: server.port,
    stop() {
      pace.stop();
      server.stop(true);
    },
  };
}

/**
 * Paces all streams with one timer: each joins one of twenty slots, and every millisecond one slot is due. A timer per
 * stream would make the upstream the slowest part of the chain.
 */
function pacer(step: (socket: Socket<Connection>) => void) {
  const slots = Array.from({ length: CHUNK_MS }, () => new Set<Socket<Connection>>());
  let cursor = 0;
  let due = performance.now();
  const tick = () => {
    const now = performance.now();
    for (; due <= now; due++) {
      const slot = slots[cursor] as Set<Socket<Connection>>;
      cursor = (cursor + 1) % CHUNK_MS;
      for (const socket of slot) step(socket);
    }
    if (slots.every((slot) => slot.size === 0)) {
      clearInterval(timer);
      timer = undefined;
    }
  };
  let timer: Timer | undefined;
  return {
    join(socket: Socket<Connection>): Set<Socket<Connection>> {
      if (!timer) {
        due = performance.now();
        timer = setInterval(tick, 1);
      }
      // The slot that was due last comes again in one whole gap.
      const slot = slots[(cursor + CHUNK_MS - 1) % CHUNK_MS] as Set<Socket<Connection>>;
      slot.add(socket);
      return slot;
    },
    stop: () => clearInterval(timer),
  };
}

const NUMBER = 12;

function wholeAnswer(): { readonly bytes: Buffer; readonly at: readonly number[] } {
  const number = blank(NUMBER);
  const body = JSON.stringify({
    id: `chatcmpl-${number}`,
    object: 'chat.completion',
    created: 1_790_000_000,
    model: 'gpt-4o-mini-2024-07-18',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: `The record ${number} shows your parcel at the depot in Lindenau since Tuesday evening. The van could not pass the closed street, so the driver brought it back. You can collect it there until Saturday, or name a neighbour who takes it.`,
          refusal: null,
          annotations: [],
        },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: 96,
      completion_tokens: 54,
      total_tokens: 150,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    },
    service_tier: 'default',
    system_fingerprint: 'fp_0123456789',
  });
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_${number}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  const bytes = Buffer.from(head + body);
  const at: number[] = [];
  for (let i = bytes.indexOf(number); i >= 0; i = bytes.indexOf(number, i + NUMBER)) at.push(i);
  return { bytes, at };
}

const framed = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const event = (choices: readonly unknown[], more: object = {}) =>
  `data: ${JSON.stringify({
    id: 'chatcmpl-bench',
    object: 'chat.completion.chunk',
    created: 1_790_000_000,
    model: 'gpt-4o-mini-2024-07-18',
    service_tier: 'default',
    system_fingerprint: 'fp_0123456789',
    choices,
    ...more,
  })}\n\n`;
const delta = (delta: object, finish: string | null = null) =>
  event([{ index: 0, delta, logprobs: null, finish_reason: finish }]);

const STREAM_HEAD = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\nx-request-id: req_stream\r\ntransfer-encoding: chunked\r\n\r\n${framed(delta({ role: 'assistant', content: '', refusal: null }))}`,
);
const STREAM_END = Buffer.from(
  `${framed(
    delta({}, 'stop') +
      event([], { usage: { prompt_tokens: 96, completion_tokens: 200, total_tokens: 296 } }) +
      'data: [DONE]\n\n',
  )}0\r\n\r\n`,
);

function streamChunk(): { readonly bytes: Buffer; readonly at: number } {
  const stamp = blank(STAMP);
  const bytes = Buffer.from(framed(delta({ content: stamp })));
  return { bytes, at: bytes.indexOf(stamp) };
}
