import { connect, type Socket as NodeSocket } from 'node:net';
import { systemClock } from '#kernel';

const clock = systemClock();

/** A connection that says exactly what it is told to, and keeps what it hears. */
export interface RawClient {
  send(text: string | Uint8Array): void;
  /** Shuts the writing side down; the other stays open. */
  half(): void;
  destroy(): void;
  /** Resets instead of closing. */
  reset(): void;
  readonly heard: () => string;
  /** Resolves when what was heard fulfils `enough`. Rejects when the connection ends before. */
  until(enough: (heard: string) => boolean): Promise<string>;
  /** Resolves when the server has closed its side. */
  readonly ended: Promise<string>;
  readonly socket: NodeSocket;
}

export async function rawClient(port: number, host = '127.0.0.1'): Promise<RawClient> {
  const socket = connect({ port, host, allowHalfOpen: true, noDelay: true });
  let heard = '';
  let closed = false;
  const waiting = new Set<() => void>();
  const look = () => {
    for (const one of waiting) one();
  };
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    heard += text;
    look();
  });
  const ended = new Promise<string>((resolve) => {
    const end = () => {
      closed = true;
      look();
      resolve(heard);
    };
    socket.on('end', end);
    socket.on('close', end);
  });
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  return {
    socket,
    send: (text) => void socket.write(text),
    half: () => void socket.end(),
    destroy: () => void socket.destroy(),
    reset: () => void socket.resetAndDestroy(),
    heard: () => heard,
    until: (enough) =>
      new Promise((resolve, reject) => {
        const one = () => {
          if (!enough(heard) && !closed) return;
          waiting.delete(one);
          if (enough(heard)) resolve(heard);
          else reject(new Error(`The connection ended after ${JSON.stringify(heard.slice(0, 300))}`));
        };
        waiting.add(one);
        one();
      }),
    ended,
  };
}

/** Sends and listens until the server closes. */
export async function converse(port: number, text: string | Uint8Array): Promise<string> {
  const client = await rawClient(port);
  client.send(text);
  const heard = await client.ended;
  client.destroy();
  return heard;
}

/** Resolves once `done`; what happens on sockets is not over when a call returns. Gives up after five seconds. */
export async function eventually(done: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !done(); i++) await clock.sleep(5);
  if (!done()) throw new Error(`Not within five seconds: ${done}`);
}
