import { z } from 'zod';
import type { Part, Script } from '../../script.ts';
import { defineFault } from '../define.ts';
import { milliseconds } from '../params.ts';

export const fault = defineFault({
  name: 'slow-first-token',
  version: 1,
  summary: 'Sends the head at once and then no content for a long while, with or without pings.',
  main: 'after',
  params: z.strictObject({
    after: milliseconds
      .default(30_000)
      .describe('Wait before the first token; a unary answer waits as a whole.'),
    ping: milliseconds.optional().describe('Interval of keep-alive events that carry no content.'),
  }),
  effects: ({ after, ping }) => ({
    script: (script, { stream, family }) =>
      stream
        ? { ...script, before: 0, parts: late(script, after, ping, family === 'anthropic' ? PING : COMMENT) }
        : { ...script, before: script.before + after },
  }),
});

const PING = 'event: ping\ndata: {"type": "ping"}\n\n';
const COMMENT = ': keep-alive\n\n';

function* late(script: Script, ms: number, every: number | undefined, keepAlive: string): Generator<Part> {
  let waiting = true;
  for (const part of script.parts) {
    if (!waiting || part.role !== 'token') {
      yield part;
      continue;
    }
    waiting = false;
    const pings = every === undefined || every === 0 ? 0 : Math.floor(ms / every);
    for (let i = 0; i < pings; i++) yield { after: every ?? 0, data: keepAlive, role: 'noise' };
    yield { ...part, after: ms - pings * (every ?? 0) };
  }
}
