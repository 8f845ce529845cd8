import { type Call, LAST_CHUNK, streamed, whole } from '../puppet.ts';
import type { Tongue } from '../tongues.ts';
import { BOTH, type Row, type Scene, STREAM, WHOLE, well } from './row.ts';

/** No answer that could be shown: the next tier at once, or the same target again where there is none. */
const UNFIT = { ways: BOTH, alone: 2, before: 1, moves: true, status: 502 } as const;
const CUT = { ...UNFIT, kind: 'cut', outcome: 'cut' } as const;
const EMPTY = { ...UNFIT, kind: 'empty', outcome: 'invalid' } as const;
const WRONG_TYPE = { ...UNFIT, kind: 'bad_content_type', outcome: 'error' } as const;
const MALFORMED = { ...UNFIT, kind: 'malformed', outcome: 'invalid' } as const;

const HTML = '<html><body>\n\nBad gateway\n\n</body></html>\n';
const HUGE = 'x'.repeat(1_200_000);

const in200 = (type: keyof Tongue['words'], message: string) => (call: Call, scene: Scene) => {
  const { tongue: t, stream } = scene;
  if (!stream) return call.write(whole(200, t.json, t.error(t.words[type], message)));
  call.write(streamed(t.sse, t.errorEvent(t.words[type], message)));
  call.write(LAST_CHUNK);
};

/** A head came, and then nothing that anybody could have been shown. */
export const UNSAID: readonly Row[] = [
  {
    ...CUT,
    name: 'cut before the first output, by FIN',
    ways: STREAM,
    acts: ({ write, fin }, { tongue: t }) => {
      write(streamed(t.sse, ...t.opening));
      fin();
    },
  },
  {
    ...CUT,
    name: 'ended well before the first output',
    ways: STREAM,
    acts: ({ write }, { tongue: t }) => write(`${streamed(t.sse, ...t.opening)}${LAST_CHUNK}`),
  },
  {
    ...CUT,
    name: 'half a body',
    ways: WHOLE,
    acts: ({ write, fin }, { tongue: t }) => {
      const all = whole(200, t.json, t.answer('Hello'));
      write(all.slice(0, all.length - 30));
      fin();
    },
  },
  {
    ...EMPTY,
    name: 'a stream without an event',
    ways: STREAM,
    acts: ({ write }, { tongue: t }) => write(`${streamed(t.sse)}${LAST_CHUNK}`),
  },
  {
    ...EMPTY,
    name: 'a terminator and nothing else',
    ways: STREAM,
    acts: ({ write }, { tongue: t }) => write(`${streamed(t.sse, t.terminator)}${LAST_CHUNK}`),
  },
  {
    ...EMPTY,
    name: 'an answer without content and without a reason',
    ways: WHOLE,
    acts: ({ write }, { tongue: t }) => write(whole(200, t.json, t.nothing)),
  },
  {
    ...WRONG_TYPE,
    name: 'a page of HTML with 200',
    acts: ({ write }) => write(whole(200, { 'content-type': 'text/html' }, HTML)),
  },
  {
    ...WRONG_TYPE,
    name: 'JSON where a stream was due',
    ways: STREAM,
    acts: ({ write }, { tongue: t }) => write(whole(200, t.json, t.answer('Hello'))),
  },
  {
    ...WRONG_TYPE,
    name: 'a stream where JSON was due',
    ways: WHOLE,
    acts: (call, { tongue }) => well(call, { tongue, stream: call.number < 2 }),
  },
  { ...WRONG_TYPE, name: '204', acts: ({ write }) => write('HTTP/1.1 204 No Content\r\n\r\n') },
  {
    ...MALFORMED,
    name: 'JSON that is none',
    ways: WHOLE,
    acts: ({ write }, { tongue: t }) => write(whole(200, t.json, t.answer('Hello').slice(0, -9))),
  },
  {
    ...MALFORMED,
    name: 'a first event over the cap',
    ways: STREAM,
    acts: ({ write }, { tongue: t }) => write(`${streamed(t.sse, ...t.opening, t.delta(HUGE))}${LAST_CHUNK}`),
  },
  {
    name: 'a redirect, which nobody follows',
    ways: BOTH,
    acts: ({ write }, { tongue: t }) =>
      write(whole(302, { ...t.json, location: 'http://127.0.0.1:1/elsewhere' }, '{}')),
    kind: 'provider_error',
    outcome: 'error',
    alone: 1,
    moves: true,
    status: 502,
  },
  {
    name: 'an error inside a 200',
    ways: BOTH,
    acts: in200('server', 'on fire'),
    kind: 'provider_error',
    outcome: 'error',
    alone: 2,
    moves: true,
    status: 502,
  },
  {
    name: 'a rejection inside a 200',
    ways: BOTH,
    acts: in200('invalid', 'messages.0: no such role'),
    kind: 'provider_rejected',
    outcome: 'error',
    alone: 1,
    moves: false,
    status: 400,
  },
];
