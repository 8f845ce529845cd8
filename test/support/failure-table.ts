import type { FailureKind, Outcome } from '#contracts';
import { type Call, chunk, head, LAST_CHUNK, streamed, whole } from './puppet.ts';
import { ANTHROPIC, type Tongue } from './tongues.ts';

/** What a provider knows of the case it plays in. */
export interface Scene {
  /** What it speaks. */
  readonly tongue: Tongue;
  readonly stream: boolean;
  /** Resolves when the caller has read the first text: whatever follows, follows a commitment. */
  readonly seen: Promise<void>;
}

export type Way = 'stream' | 'whole';

export interface Row {
  readonly name: string;
  readonly ways: readonly Way[];
  acts(call: Call, scene: Scene): void | Promise<void>;
  /** In place of the puppet: an address that nobody serves well. */
  readonly address?: (puppetPort: number) => string;
  /** Undefined: it ends well. */
  readonly kind?: FailureKind | readonly FailureKind[];
  readonly outcome: Outcome | ((provider: Tongue) => Outcome);
  /** Calls that the first target sees where there is no other, and where a second tier stands ready. */
  readonly alone: number;
  readonly before?: number;
  /** May the second tier answer? */
  readonly moves: boolean;
  /** HTTP status that a caller sees where nobody else could answer. */
  readonly status?: number | ((caller: Tongue, provider: Tongue) => number);
  /** The target takes no further call for now. */
  readonly shut?: boolean;
  /** The caller had read some of the answer. */
  readonly committed?: boolean;
  /** What the caller gets without an error. */
  readonly says?: string;
  readonly timeouts?: Readonly<Record<string, number>>;
  /** Declared context windows of both tiers. */
  readonly windows?: readonly [number, number];
  readonly fallbackOn?: readonly ('content_filter' | 'refusal')[];
}

const BOTH = ['stream', 'whole'] as const;
const STREAM = ['stream'] as const;
const WHOLE = ['whole'] as const;
const SHORT = 400;

/** What a provider in good health says. */
export function well({ write }: Pick<Call, 'write'>, { tongue: t, stream }: Omit<Scene, 'seen'>): void {
  const events = [...t.opening, t.delta('Hel'), t.delta('lo'), t.reason(), t.usage, t.terminator];
  write(stream ? `${streamed(t.sse, ...events)}${LAST_CHUNK}` : whole(200, t.json, t.answer('Hello')));
}

const refusal =
  (
    status: number,
    type: keyof Tongue['words'],
    message: string,
    more: Readonly<Record<string, string>> = {},
  ) =>
  ({ write }: Call, { tongue: t }: Scene) =>
    write(whole(status, { ...t.json, ...more }, t.error(t.words[type], message)));

/** Begins an answer, waits until the caller has read of it, and goes on as it likes. */
const begun =
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

const once =
  (fault: (call: Call, scene: Scene) => void) =>
  (call: Call, scene: Scene): void =>
    call.number === 0 ? fault(call, scene) : well(call, scene);

/** The provider's own status in its own dialect, else the one by which the caller's dialect names the kind. */
const own =
  (status: number, openai: number, anthropic: number) =>
  (caller: Tongue, provider: Tongue): number =>
    caller.name === provider.name ? status : caller.name === 'openai' ? openai : anthropic;

const in200 = (type: keyof Tongue['words'], message: string) => (call: Call, scene: Scene) => {
  const { tongue: t, stream } = scene;
  if (!stream) return call.write(whole(200, t.json, t.error(t.words[type], message)));
  call.write(streamed(t.sse, t.errorEvent(t.words[type], message)));
  call.write(LAST_CHUNK);
};

const html = '<html><body>\n\nBad gateway\n\n</body></html>\n';
/** As much as the usage says. */
const LONG = ', and a good deal more than that, word by word';
const HUGE = 'x'.repeat(1_200_000);

export const TABLE: readonly Row[] = [
  // 429
  {
    name: '429 with a long Retry-After',
    ways: BOTH,
    acts: refusal(429, 'limited', 'slow down', { 'retry-after': '40' }),
    kind: 'rate_limited',
    outcome: 'error',
    alone: 1,
    moves: true,
    status: 429,
    shut: true,
  },
  {
    name: '429 without Retry-After',
    ways: BOTH,
    acts: refusal(429, 'limited', 'slow down'),
    kind: 'rate_limited',
    outcome: 'error',
    alone: 2,
    before: 1,
    moves: true,
    status: 429,
  },
  {
    name: '429 because the account is empty',
    ways: BOTH,
    acts: ({ write }, { tongue: t }) =>
      t.name === 'openai'
        ? write(
            whole(
              429,
              t.json,
              t.error('insufficient_quota', 'You exceeded your current quota', 'insufficient_quota'),
            ),
          )
        : write(whole(400, t.json, t.error('invalid_request_error', 'Your credit balance is too low.'))),
    kind: 'quota_exhausted',
    outcome: 'error',
    alone: 1,
    moves: true,
    status: (caller, provider) =>
      caller.name === provider.name
        ? provider.name === 'openai'
          ? 429
          : 400
        : caller.name === 'openai'
          ? 429
          : 402,
    shut: true,
  },
  // 5xx
  {
    name: '500, once',
    ways: BOTH,
    acts: once(refusal(500, 'server', 'on fire')),
    outcome: 'complete',
    alone: 2,
    moves: false,
  },
  {
    name: '500, for good',
    ways: BOTH,
    acts: refusal(500, 'server', 'on fire'),
    kind: 'provider_error',
    outcome: 'error',
    alone: 2,
    moves: true,
    status: own(500, 502, 502),
  },
  {
    name: 'overloaded, for good',
    ways: BOTH,
    acts: (call, scene) =>
      refusal(scene.tongue === ANTHROPIC ? 529 : 503, 'overloaded', 'Overloaded')(call, scene),
    kind: 'overloaded',
    outcome: 'error',
    alone: 2,
    moves: true,
    status: (caller) => (caller === ANTHROPIC ? 529 : 503),
  },
  // the wire before the head
  {
    name: 'a reset before the head, once',
    ways: BOTH,
    acts: once(({ reset }) => reset()),
    outcome: 'complete',
    alone: 2,
    moves: false,
  },
  {
    name: 'a reset before the head, for good',
    ways: BOTH,
    acts: ({ reset }) => reset(),
    kind: 'reset',
    outcome: 'cut',
    alone: 2,
    moves: true,
    status: 502,
  },
  {
    name: 'closed within the head',
    ways: BOTH,
    acts: ({ write, fin }) => {
      write('HTTP/1.1 200 OK\r\ncontent-ty');
      fin();
    },
    kind: 'reset',
    outcome: 'cut',
    alone: 2,
    moves: true,
    status: 502,
  },
  {
    name: 'nobody listens',
    ways: BOTH,
    acts: () => undefined,
    address: () => 'http://127.0.0.1:1',
    kind: 'connect',
    outcome: 'error',
    alone: 2,
    moves: true,
    status: 502,
  },
  {
    name: 'a TLS greeting that nobody answers',
    ways: BOTH,
    acts: () => undefined,
    address: (port) => `https://127.0.0.1:${port}`,
    timeouts: { connect: SHORT },
    kind: 'timeout_connect',
    outcome: 'error',
    alone: 1,
    moves: true,
    status: 504,
  },
  {
    name: 'a head that is not HTTP',
    ways: BOTH,
    acts: ({ write, fin }) => {
      write('SSH-2.0-OpenSSH_9.2\r\n\r\n');
      fin();
    },
    kind: 'malformed',
    outcome: 'invalid',
    alone: 2,
    before: 1,
    moves: true,
    status: 502,
  },
  // silence
  {
    name: 'silence before the head of a stream',
    ways: STREAM,
    acts: () => undefined,
    timeouts: { headers: SHORT },
    kind: 'timeout_headers',
    outcome: 'error',
    alone: 1,
    moves: true,
    status: 504,
  },
  {
    name: 'silence before a whole answer',
    ways: WHOLE,
    acts: () => undefined,
    timeouts: { total: SHORT },
    kind: 'timeout_total',
    outcome: 'error',
    alone: 1,
    moves: false,
    status: 504,
  },
  {
    name: 'a head and then only pings',
    ways: STREAM,
    acts: ({ write }, { tongue: t }) => write(streamed(t.sse, ...t.opening, t.ping, t.ping)),
    timeouts: { firstToken: SHORT },
    kind: 'timeout_first_token',
    outcome: 'error',
    alone: 1,
    moves: true,
    status: 504,
  },
  // broken before anything was said
  {
    name: 'cut before the first output, by FIN',
    ways: STREAM,
    acts: ({ write, fin }, { tongue: t }) => {
      write(streamed(t.sse, ...t.opening));
      fin();
    },
    kind: 'cut',
    outcome: 'cut',
    alone: 2,
    before: 1,
    moves: true,
    status: 502,
  },
  {
    name: 'ended well before the first output',
    ways: STREAM,
    acts: ({ write }, { tongue: t }) => write(`${streamed(t.sse, ...t.opening)}${LAST_CHUNK}`),
    kind: 'cut',
    outcome: 'cut',
    alone: 2,
    before: 1,
    moves: true,
    status: 502,
  },
  {
    name: 'half a body',
    ways: WHOLE,
    acts: ({ write, fin }, { tongue: t }) => {
      const all = whole(200, t.json, t.answer('Hello'));
      write(all.slice(0, all.length - 30));
      fin();
    },
    kind: 'cut',
    outcome: 'cut',
    alone: 2,
    before: 1,
    moves: true,
    status: 502,
  },
  {
    name: 'a stream without an event',
    ways: STREAM,
    acts: ({ write }, { tongue: t }) => write(`${streamed(t.sse)}${LAST_CHUNK}`),
    kind: 'empty',
    outcome: 'invalid',
    alone: 2,
    before: 1,
    moves: true,
    status: 502,
  },
  {
    name: 'a terminator and nothing else',
    ways: STREAM,
    acts: ({ write }, { tongue: t }) => write(`${streamed(t.sse, t.terminator)}${LAST_CHUNK}`),
    kind: 'empty',
    outcome: 'invalid',
    alone: 2,
    before: 1,
    moves: true,
    status: 502,
  },
  {
    name: 'an answer without content and without a reason',
    ways: WHOLE,
    acts: ({ write }, { tongue: t }) => write(whole(200, t.json, t.nothing)),
    kind: 'empty',
    outcome: 'invalid',
    alone: 2,
    before: 1,
    moves: true,
    status: 502,
  },
  {
    name: 'a page of HTML with 200',
    ways: BOTH,
    acts: ({ write }) => write(whole(200, { 'content-type': 'text/html' }, html)),
    kind: 'bad_content_type',
    outcome: 'error',
    alone: 2,
    before: 1,
    moves: true,
    status: 502,
  },
  {
    name: 'JSON where a stream was due',
    ways: STREAM,
    acts: ({ write }, { tongue: t }) => write(whole(200, t.json, t.answer('Hello'))),
    kind: 'bad_content_type',
    outcome: 'error',
    alone: 2,
    before: 1,
    moves: true,
    status: 502,
  },
  {
    name: 'a stream where JSON was due',
    ways: WHOLE,
    acts: (call, { tongue }) =>
      call.number < 2 ? well(call, { tongue, stream: true }) : well(call, { tongue, stream: false }),
    kind: 'bad_content_type',
    outcome: 'error',
    alone: 2,
    before: 1,
    moves: true,
    status: 502,
  },
  {
    name: '204',
    ways: BOTH,
    acts: ({ write }) => write('HTTP/1.1 204 No Content\r\n\r\n'),
    kind: 'bad_content_type',
    outcome: 'error',
    alone: 2,
    before: 1,
    moves: true,
    status: 502,
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
    name: 'JSON that is none',
    ways: WHOLE,
    acts: ({ write }, { tongue: t }) => write(whole(200, t.json, t.answer('Hello').slice(0, -9))),
    kind: 'malformed',
    outcome: 'invalid',
    alone: 2,
    before: 1,
    moves: true,
    status: 502,
  },
  {
    name: 'a first event over the cap',
    ways: STREAM,
    acts: ({ write }, { tongue: t }) => write(`${streamed(t.sse, ...t.opening, t.delta(HUGE))}${LAST_CHUNK}`),
    kind: 'malformed',
    outcome: 'invalid',
    alone: 2,
    before: 1,
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
  // the ask itself
  {
    name: 'context overflow, no larger window declared',
    ways: BOTH,
    acts: (call, scene) =>
      refusal(400, 'invalid', 'prompt is too long: 300000 tokens > 200000 maximum')(call, scene),
    kind: 'context_overflow',
    outcome: 'context_overflow',
    alone: 1,
    moves: false,
    status: 400,
  },
  {
    name: 'context overflow, a larger window declared',
    ways: BOTH,
    acts: refusal(400, 'invalid', 'prompt is too long: 300000 tokens > 200000 maximum'),
    kind: 'context_overflow',
    outcome: 'context_overflow',
    alone: 1,
    moves: true,
    status: 400,
    windows: [200_000, 1_000_000],
  },
  {
    name: 'context overflow, only a smaller window declared',
    ways: BOTH,
    acts: refusal(400, 'invalid', 'prompt is too long: 300000 tokens > 200000 maximum'),
    kind: 'context_overflow',
    outcome: 'context_overflow',
    alone: 1,
    moves: false,
    status: 400,
    windows: [200_000, 100_000],
  },
  ...[400, 404, 422].map(
    (status): Row => ({
      name: `another ${status}`,
      ways: BOTH,
      acts: refusal(status, 'invalid', 'no such thing'),
      kind: 'provider_rejected',
      outcome: 'error',
      alone: 1,
      moves: false,
      status,
    }),
  ),
  {
    name: '413',
    ways: BOTH,
    acts: refusal(413, 'invalid', 'too much'),
    kind: 'too_large',
    outcome: 'error',
    alone: 1,
    moves: false,
    status: 413,
  },
  // our credential
  ...[401, 403].map(
    (status): Row => ({
      name: `${status} on our key`,
      ways: BOTH,
      acts: refusal(status, 'auth', 'Incorrect API key provided: sk-provider-key-of-the-house'),
      kind: 'provider_auth',
      outcome: 'error',
      alone: 1,
      moves: true,
      status: 502,
      shut: true,
    }),
  ),
  // filters
  {
    name: "the provider's filter, as an error",
    ways: BOTH,
    acts: ({ write }, { tongue: t }) =>
      write(
        whole(
          400,
          t.json,
          t.error(t.words.invalid, 'Output blocked by content filtering policy', 'content_filter'),
        ),
      ),
    kind: 'content_filter',
    outcome: 'content_filter',
    alone: 1,
    moves: false,
    status: 400,
  },
  {
    name: "the provider's filter as an error, where the route goes round it",
    ways: BOTH,
    acts: ({ write }, { tongue: t }) =>
      write(
        whole(
          400,
          t.json,
          t.error(t.words.invalid, 'Output blocked by content filtering policy', 'content_filter'),
        ),
      ),
    kind: 'content_filter',
    outcome: 'content_filter',
    alone: 1,
    moves: true,
    status: 400,
    fallbackOn: ['content_filter'],
  },
  {
    name: 'a filter or refusal as the reason for the end',
    ways: BOTH,
    acts: ({ write }, { tongue: t, stream }) =>
      stream
        ? write(
            `${streamed(t.sse, ...t.opening, t.delta('Hel'), t.reason(t.words.filtered), t.usage, t.terminator)}${LAST_CHUNK}`,
          )
        : write(whole(200, t.json, t.answer('Hel', t.words.filtered))),
    outcome: (t) => (t === ANTHROPIC ? 'refusal' : 'content_filter'),
    alone: 1,
    moves: false,
    says: 'Hel',
  },
  // after the commitment
  ...(['fin', 'reset'] as const).map(
    (end): Row => ({
      name: `cut after output, by ${end}`,
      ways: STREAM,
      acts: begun((call) => call[end]()),
      kind: 'cut',
      outcome: 'cut',
      alone: 1,
      moves: false,
      committed: true,
    }),
  ),
  {
    name: 'ended well after output, without a reason',
    ways: STREAM,
    acts: begun(({ write }) => write(LAST_CHUNK)),
    kind: 'cut',
    outcome: 'cut',
    alone: 1,
    moves: false,
    committed: true,
  },
  {
    name: 'a terminator after output, without a reason',
    ways: STREAM,
    acts: begun(({ write }, { tongue: t }) => write(chunk(t.terminator) + LAST_CHUNK)),
    kind: 'cut',
    outcome: 'cut',
    alone: 1,
    moves: false,
    committed: true,
  },
  {
    name: 'silence after output',
    ways: STREAM,
    acts: begun(() => undefined),
    timeouts: { idle: SHORT },
    kind: 'timeout_idle',
    outcome: 'stalled',
    alone: 1,
    moves: false,
    committed: true,
  },
  ...(['ping', 'empty'] as const).map(
    (what): Row => ({
      name: `nothing but ${what === 'ping' ? 'pings' : 'empty deltas'} after output`,
      ways: STREAM,
      acts: begun((call, { tongue: t }) => repeating(call, what === 'ping' ? t.ping : t.delta(''))),
      timeouts: { content: SHORT },
      kind: 'timeout_content',
      outcome: 'stalled',
      alone: 1,
      moves: false,
      committed: true,
    }),
  ),
  {
    name: 'an error event after output',
    ways: STREAM,
    acts: begun(({ write }, { tongue: t }) =>
      write(chunk(t.errorEvent(t.words.server, 'on fire')) + LAST_CHUNK),
    ),
    kind: 'provider_error',
    outcome: 'error',
    alone: 1,
    moves: false,
    committed: true,
  },
  {
    name: 'an error event and the end in one read after output',
    ways: STREAM,
    acts: begun(({ write }, { tongue: t }) =>
      write(
        `${chunk(t.errorEvent(t.words.server, 'on fire') + t.reason() + t.usage + t.terminator)}${LAST_CHUNK}`,
      ),
    ),
    kind: 'provider_error',
    outcome: 'error',
    alone: 1,
    moves: false,
    committed: true,
  },
  {
    name: 'chunks that cannot be read after output',
    ways: STREAM,
    acts: begun(({ write }) => write('zz\r\nwhat\r\n')),
    kind: 'malformed',
    outcome: 'invalid',
    alone: 1,
    moves: false,
    committed: true,
  },
  {
    name: 'an event over the cap after output',
    ways: STREAM,
    acts: begun(({ write }, { tongue: t }) => write(chunk(t.delta(HUGE)))),
    kind: 'malformed',
    outcome: 'invalid',
    alone: 1,
    moves: false,
    committed: true,
  },
  {
    name: 'an event that is no JSON after output, and then the end without a reason',
    ways: STREAM,
    acts: begun(({ write }, { tongue: t }) =>
      write(chunk('data: {"choices":[{"del\n\n') + chunk(t.terminator) + LAST_CHUNK),
    ),
    // The event itself is let pass; an end without a reason is not.
    kind: 'cut',
    outcome: 'cut',
    alone: 1,
    moves: false,
    committed: true,
  },
  {
    name: 'an event that is no JSON, and less text than the tokens that are billed',
    ways: STREAM,
    acts: begun(({ write }, { tongue: t }) =>
      write(`${chunk(`data: {"choices":[{"del\n\n${t.reason()}${t.usage}${t.terminator}`)}${LAST_CHUNK}`),
    ),
    kind: 'malformed',
    outcome: 'invalid',
    alone: 1,
    moves: false,
    committed: true,
  },
  // oddities that are none
  {
    name: 'one event that is no JSON in a stream that is otherwise good',
    ways: STREAM,
    acts: begun(({ write }, { tongue: t }) => {
      const rest = [t.delta('lo'), t.delta(LONG), t.reason(), t.usage, t.terminator].join('');
      write(`${chunk('data: {"choices":[{"del\n\n')}${chunk(rest)}${LAST_CHUNK}`);
    }),
    outcome: 'complete',
    alone: 1,
    moves: false,
    says: `Hello${LONG}`,
  },
  {
    name: 'no terminator, connection closed',
    ways: STREAM,
    acts: ({ write, fin }, { tongue: t }) => {
      write(
        `${head(200, { ...t.sse, connection: 'close' })}${t.opening.join('')}${t.delta('Hel')}${t.delta('lo')}`,
      );
      write(t.reason());
      fin();
    },
    outcome: 'complete',
    alone: 1,
    moves: false,
  },
  ...([2, 12, -12, -2, -1] as const).map(
    (keep): Row => ({
      name: `cut within what follows the reason, slice(0, ${keep})`,
      ways: STREAM,
      acts: ({ write, fin }, { tongue: t }) => {
        const rest = t.usage === '' ? t.terminator : t.usage;
        const said = [...t.opening, t.delta('Hel'), t.delta('lo'), t.reason(), rest.slice(0, keep)];
        write(`${head(200, { ...t.sse, connection: 'close' })}${said.join('')}`);
        fin();
      },
      outcome: 'complete',
      alone: 1,
      moves: false,
    }),
  ),
  {
    name: 'no terminator, and a reason without its blank line',
    ways: STREAM,
    acts: ({ write, fin }, { tongue: t }) => {
      const said = [...t.opening, t.delta('Hel'), t.delta('lo'), t.reason().slice(0, -2)];
      write(`${head(200, { ...t.sse, connection: 'close' })}${said.join('')}`);
      fin();
    },
    outcome: 'complete',
    alone: 1,
    moves: false,
  },
  {
    name: 'no terminator, connection kept open',
    ways: STREAM,
    acts: ({ write }, { tongue: t }) =>
      write(streamed(t.sse, ...t.opening, t.delta('Hel'), t.delta('lo'), t.reason())),
    outcome: 'complete',
    alone: 1,
    moves: false,
  },
  {
    name: 'CRLF, comments, events of unknown type, and a byte at a time',
    ways: STREAM,
    acts: ({ write }, { tongue: t }) => {
      const events = [
        ...t.opening,
        ': hm\n\n',
        'event: hm\ndata: {"type":"hm"}\n\n',
        t.delta('Hel'),
        t.delta('lo'),
      ];
      const text = [...events, t.reason(), t.usage, t.terminator].join('').replaceAll('\n', '\r\n');
      write(streamed(t.sse, ...text));
      write(LAST_CHUNK);
    },
    outcome: 'complete',
    alone: 1,
    moves: false,
  },
];
