import { chunk, head, LAST_CHUNK, streamed } from '../puppet.ts';
import type { Tongue } from '../tongues.ts';
import { begun, NO_JSON } from './broken-off.ts';
import { type Row, type Scene, STREAM } from './row.ts';

const FINE = { ways: STREAM, outcome: 'complete', alone: 1, moves: false } as const;

/** As much as the usage says. */
const LONG = ', and a good deal more than that, word by word';

const hello = (t: Tongue) => [...t.opening, t.delta('Hel'), t.delta('lo')];

/** Says `Hello` and this after it, and closes the connection without a last chunk. */
const closing =
  (rest: (t: Tongue) => string): Row['acts'] =>
  ({ write, fin }, { tongue: t }: Scene) => {
    write(head(200, { ...t.sse, connection: 'close' }) + hello(t).join('') + rest(t));
    fin();
  };

/** Oddities that are no failures. */
export const ODD: readonly Row[] = [
  {
    ...FINE,
    name: 'one event that is no JSON in a stream that is otherwise good',
    acts: begun(({ write }, { tongue: t }) => {
      const rest = [t.delta('lo'), t.delta(LONG), t.reason(), t.usage, t.terminator].join('');
      write(`${chunk(NO_JSON)}${chunk(rest)}${LAST_CHUNK}`);
    }),
    says: `Hello${LONG}`,
  },
  { ...FINE, name: 'no terminator, connection closed', acts: closing((t) => t.reason()) },
  ...([2, 12, -12, -2, -1] as const).map(
    (keep): Row => ({
      ...FINE,
      name: `cut within what follows the reason, slice(0, ${keep})`,
      acts: closing((t) => t.reason() + (t.usage || t.terminator).slice(0, keep)),
    }),
  ),
  {
    ...FINE,
    name: 'no terminator, and a reason without its blank line',
    acts: closing((t) => t.reason().slice(0, -2)),
  },
  {
    ...FINE,
    name: 'no terminator, connection kept open',
    acts: ({ write }, { tongue: t }) => write(streamed(t.sse, ...hello(t), t.reason())),
  },
  {
    ...FINE,
    name: 'CRLF, comments, events of unknown type, and a byte at a time',
    acts: ({ write }, { tongue: t }) => {
      const strange = [': hm\n\n', 'event: hm\ndata: {"type":"hm"}\n\n'];
      const events = [...t.opening, ...strange, t.delta('Hel'), t.delta('lo'), t.reason(), t.usage];
      write(streamed(t.sse, ...[...events, t.terminator].join('').replaceAll('\n', '\r\n')));
      write(LAST_CHUNK);
    },
  },
];
