import { streamed } from '../puppet.ts';
import { BOTH, type Row, SHORT, STREAM, WHOLE, well } from './row.ts';

/** The wire fails before the head: asked again, and then the next tier. */
const LOST = { ways: BOTH, kind: 'reset', outcome: 'cut', alone: 2, moves: true, status: 502 } as const;
/** Silence is waited for once. */
const SILENT = { outcome: 'error', alone: 1, moves: true, status: 504 } as const;
const silence = () => undefined;

/** Before the head of an answer: what the wire does, and silence. */
export const UNREACHED: readonly Row[] = [
  {
    name: 'a reset before the head, once',
    ways: BOTH,
    acts: (call, scene) => (call.number === 0 ? call.reset() : well(call, scene)),
    outcome: 'complete',
    alone: 2,
    moves: false,
  },
  { ...LOST, name: 'a reset before the head, for good', acts: ({ reset }) => reset() },
  {
    ...LOST,
    name: 'closed within the head',
    acts: ({ write, fin }) => {
      write('HTTP/1.1 200 OK\r\ncontent-ty');
      fin();
    },
  },
  {
    ...LOST,
    name: 'nobody listens',
    acts: silence,
    address: () => 'http://127.0.0.1:1',
    kind: 'connect',
    outcome: 'error',
  },
  {
    ...SILENT,
    name: 'a TLS greeting that nobody answers',
    ways: BOTH,
    acts: silence,
    address: (port) => `https://127.0.0.1:${port}`,
    timeouts: { connect: SHORT },
    kind: 'timeout_connect',
  },
  {
    ...LOST,
    name: 'a head that is not HTTP',
    acts: ({ write, fin }) => {
      write('SSH-2.0-OpenSSH_9.2\r\n\r\n');
      fin();
    },
    kind: 'malformed',
    outcome: 'invalid',
    before: 1,
  },
  {
    ...SILENT,
    name: 'silence before the head of a stream',
    ways: STREAM,
    acts: silence,
    timeouts: { headers: SHORT },
    kind: 'timeout_headers',
  },
  {
    ...SILENT,
    name: 'silence before a whole answer',
    ways: WHOLE,
    acts: silence,
    timeouts: { total: SHORT },
    kind: 'timeout_total',
    moves: false,
  },
  {
    ...SILENT,
    name: 'a head and then only pings',
    ways: STREAM,
    acts: ({ write }, { tongue: t }) => write(streamed(t.sse, ...t.opening, t.ping, t.ping)),
    timeouts: { firstToken: SHORT },
    kind: 'timeout_first_token',
  },
];
