import type { Handler } from '#contracts';
import { systemClock } from '#kernel';
import { type Listening, type ListenOptions, listen } from '../listen.ts';

const open: Listening[] = [];

/** A listener on a free port; `stopServers` ends them all. */
export function serve(handler: Handler, options: Partial<ListenOptions> = {}): Listening {
  const server = listen({
    host: '127.0.0.1',
    port: 0,
    maxBody: 64 * 1024 * 1024,
    clock: systemClock(),
    handler,
    ...options,
  });
  open.push(server);
  return server;
}

export function stopServers(): void {
  for (const server of open.splice(0)) server.stop(true);
}

/** Says what it was asked, as JSON. */
export const echo: Handler = ({ method, path, query, headers }, outgoing) => {
  return (body) =>
    outgoing.send(
      200,
      { 'content-type': 'application/json' },
      JSON.stringify({
        method,
        path,
        query,
        headers,
        body: typeof body === 'string' ? body : Buffer.from(body).toString('latin1'),
      }),
    );
};
