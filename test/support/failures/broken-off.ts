import { type Call, chunk, LAST_CHUNK, streamed } from '../puppet.ts';
import { type Row, type Scene, SHORT, STREAM } from './row.ts';

/** The caller has read of it: nobody else may answer, and the end must not look like one. */
const LATE = { ways: STREAM, alone: 1, moves: false, committed: true } as const;
const CUT = { ...LATE, kind: 'cut', outcome: 'cut' } as const;
const MALFORMED = { ...LATE, kind: 'malformed', outcome: 'invalid' } as const;
const STALLED = { ...LATE, outcome: 'stalled' } as const;
const ERROR = { ...LATE, kind: 'provider_error', outcome: 'error' } as const;

/** Of a chat stream, and torn. */
export const NO_JSON = 'data: {"choices":[{"del\n\n';
const HUGE = 'x'.repeat(1_200_000);

/** Begins an answer, waits until the caller has read of it, and goes on as it likes. */
export const begun =
  (then: (call: Call, scene: Scene) => void) =>
  async (call: Call, scene: Scene): Promise<void> => {
    const { tongue: t, seen } = scene;
    call.write(streamed(t.sse, ...t.opening, t.delta('Hel')));
    await seen;
    then(call, scene);
  };

/** Says the same again and again, until somebody hangs up. */
function repeating({ write, closed }: Call, event: string): void {
  const timer = setInterval(() => write(chunk(event)), SHORT / 8);
  void closed.then(() => clearInterval(timer));
}

/** After the commitment. */
export const BROKEN_OFF: readonly Row[] = [
  ...(['fin', 'reset'] as const).map(
    (end): Row => ({ ...CUT, name: `cut after output, by ${end}`, acts: begun((call) => call[end]()) }),
  ),
  {
    ...CUT,
    name: 'ended well after output, without a reason',
    acts: begun(({ write }) => write(LAST_CHUNK)),
  },
  {
    ...CUT,
    name: 'a terminator after output, without a reason',
    acts: begun(({ write }, { tongue: t }) => write(chunk(t.terminator) + LAST_CHUNK)),
  },
  {
    ...STALLED,
    name: 'silence after output',
    acts: begun(() => undefined),
    timeouts: { idle: SHORT },
    kind: 'timeout_idle',
  },
  ...(['ping', 'empty'] as const).map(
    (what): Row => ({
      ...STALLED,
      name: `nothing but ${what === 'ping' ? 'pings' : 'empty deltas'} after output`,
      acts: begun((call, { tongue: t }) => repeating(call, what === 'ping' ? t.ping : t.delta(''))),
      timeouts: { content: SHORT },
      kind: 'timeout_content',
    }),
  ),
  {
    ...ERROR,
    name: 'an error event after output',
    acts: begun(({ write }, { tongue: t }) =>
      write(chunk(t.errorEvent(t.words.server, 'on fire')) + LAST_CHUNK),
    ),
  },
  {
    ...ERROR,
    name: 'an error event and the end in one read after output',
    acts: begun(({ write }, { tongue: t }) => {
      const events = [t.errorEvent(t.words.server, 'on fire'), t.reason(), t.usage, t.terminator];
      write(chunk(events.join('')) + LAST_CHUNK);
    }),
  },
  {
    ...MALFORMED,
    name: 'chunks that cannot be read after output',
    acts: begun(({ write }) => write('zz\r\nwhat\r\n')),
  },
  {
    ...MALFORMED,
    name: 'an event over the cap after output',
    acts: begun(({ write }, { tongue: t }) => write(chunk(t.delta(HUGE)))),
  },
  {
    // The event itself is let pass; an end without a reason is not.
    ...CUT,
    name: 'an event that is no JSON after output, and then the end without a reason',
    acts: begun(({ write }, { tongue: t }) => write(chunk(NO_JSON) + chunk(t.terminator) + LAST_CHUNK)),
  },
  {
    ...MALFORMED,
    name: 'an event that is no JSON, and less text than the tokens that are billed',
    acts: begun(({ write }, { tongue: t }) =>
      write(chunk(NO_JSON + t.reason() + t.usage + t.terminator) + LAST_CHUNK),
    ),
  },
];
