import { AnswerReader } from '../http/answer-reader.ts';

export interface Heard {
  /** A stretch of a body; valid until the call returns. */
  readonly body?: (bytes: Buffer, from: number, to: number) => void;
  /** An answer is over. */
  readonly end: (status: number) => void;
  /** The connection broke; an answer that was awaited never comes. */
  readonly broken: (why: string) => void;
}

export interface Connection {
  send(bytes: Uint8Array): void;
  /** Says goodbye as a client does that closes its socket; what is under way is given up. */
  leave(): void;
  /** Breaks off at once. */
  close(): void;
}

/** A keep-alive connection with one question under way at a time. */
export async function connect(port: number, heard: Heard): Promise<Connection> {
  let status = 0;
  let closed = false;
  let unsent: Uint8Array | undefined;
  const reader = new AnswerReader({
    head(code) {
      status = code;
    },
    body: (bytes, from, to) => heard.body?.(bytes, from, to),
    end: () => heard.end(status),
  });
  const broken = (why: string) => {
    if (closed) return;
    closed = true;
    heard.broken(why);
  };
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      open: (open) => {
        open.setNoDelay(true);
      },
      data(open, bytes) {
        try {
          reader.feed(bytes);
        } catch (error) {
          broken(String(error));
          open.terminate();
        }
      },
      drain(open) {
        if (!unsent) return;
        const sent = open.write(unsent);
        unsent = sent < unsent.length ? unsent.subarray(Math.max(0, sent)) : undefined;
      },
      close: () => broken('closed by the other side'),
      error: (_, error) => broken(error.message),
    },
  });
  return {
    send(bytes) {
      const sent = socket.write(bytes);
      if (sent < bytes.length) unsent = Uint8Array.from(bytes.subarray(Math.max(0, sent)));
    },
    leave() {
      closed = true;
      socket.end();
    },
    close() {
      closed = true;
      socket.terminate();
    },
  };
}
