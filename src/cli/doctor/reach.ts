import { createServer, connect as open } from 'node:net';
import type { Clock } from '#contracts';

/** A TCP connection and no more: no request, no credential. Undefined when it stands, else why it does not. */
export function reach(host: string, port: number, ms: number, clock: Clock): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = open({ host, port });
    const done = (why: string | undefined) => {
      cancel();
      socket.destroy();
      resolve(why);
    };
    const cancel = clock.after(ms, () => done(`no connection within ${ms / 1000} s`));
    socket.once('connect', () => done(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      done(WORDS[error.code ?? ''] ?? error.code ?? error.message),
    );
  });
}

const WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name does not resolve',
  EAI_AGAIN: 'its name does not resolve now',
  ECONNREFUSED: 'nothing listens there',
  EHOSTUNREACH: 'no route leads there',
  ENETUNREACH: 'the network is unreachable',
  ETIMEDOUT: 'it does not answer',
  ECONNRESET: 'it hung up',
};

/** Could a server listen there? Undefined when it could, else the system's word for why not. */
export function bindable(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
