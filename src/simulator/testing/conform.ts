import { describe, test } from 'bun:test';
import { systemClock, virtualClock } from '#kernel';
import { createSimulator, type Ledger } from '../index.ts';
import { type DialectName, observe, type Seen } from './observe.ts';

export interface Mode {
  readonly dialect: DialectName;
  readonly stream: boolean;
  readonly over: 'socket' | 'process';
  /** Anthropic's, or one of OpenAI's two. */
  readonly family: 'openai' | 'anthropic';
}

export interface Heard extends Seen {
  /** On the clock of the call, milliseconds. */
  readonly headAt: number;
  readonly endAt: number;
  readonly ledger: Ledger;
}

/**
 * Whether `content` may be what arrived of `sent` before the connection broke. In process that is all of it; a socket's
 * client may throw away what it had received but not yet handed over when the break reaches it.
 */
export const arrivedBefore = (sent: string, content: string, { over }: Mode): boolean =>
  over === 'process' ? content === sent : sent.startsWith(content);

/** Eight tokens that every dialect gives back as they are. */
export const SAID = 'one two three four five six seven eight';

const DIALECTS = ['openai-chat', 'openai-responses', 'anthropic-messages'] as const;
const PATHS = {
  'openai-chat': '/v1/chat/completions',
  'openai-responses': '/v1/responses',
  'anthropic-messages': '/v1/messages',
} as const;

/**
 * A socket that has given all its twin in process gave, and then nothing for so long, counts as hung. The virtual clock
 * has already proven that nothing was due; this only leaves room for bytes that should not come.
 */
const QUIET_MS = 30;

function askFor(dialect: DialectName, stream: boolean): object {
  const ask = { model: 'sim-instant', stream };
  const messages = [{ role: 'user', content: `echo: ${SAID}` }];
  switch (dialect) {
    case 'openai-chat':
      return { ...ask, messages, ...(stream ? { stream_options: { include_usage: true } } : {}) };
    case 'openai-responses':
      return { ...ask, input: messages };
    case 'anthropic-messages':
      return { ...ask, messages, max_tokens: 1000 };
  }
}

/**
 * One fault in every dialect, streaming and not, over a real socket and in process. `expectation` says what the client
 * must see; a fault that means nothing in some mode still has to say so.
 */
export function conform(fault: string, expectation: (heard: Heard, mode: Mode) => void): void {
  describe(fault, () => {
    for (const dialect of DIALECTS)
      for (const stream of [true, false])
        for (const over of ['socket', 'process'] as const)
          test(`${dialect}, ${stream ? 'streaming' : 'unary'}, ${over === 'socket' ? 'over a socket' : 'in process'}`, async () => {
            const mode: Mode = {
              dialect,
              stream,
              over,
              family: dialect === 'anthropic-messages' ? 'anthropic' : 'openai',
            };
            expectation(await (over === 'socket' ? overSocket(fault, mode) : inProcess(fault, mode)), mode);
          });
  });
}

function requestFor(base: string, fault: string, { dialect, stream }: Mode, signal: AbortSignal): Request {
  return new Request(base + PATHS[dialect], {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', 'x-sim-fault': fault },
    body: JSON.stringify(askFor(dialect, stream)),
    signal,
  });
}

async function overSocket(fault: string, mode: Mode): Promise<Heard> {
  const twin = await inProcess(fault, mode);
  const clock = systemClock();
  const simulator = createSimulator({ clock });
  const server = simulator.listen({ port: 0 });
  try {
    const leaving = new AbortController();
    let got = 0;
    const answer = fetch(requestFor(server.url, fault, mode, leaving.signal));
    const heard = listen(
      answer,
      mode,
      () => clock.monotonic(),
      leaving.signal,
      (bytes) => {
        got += bytes;
      },
    );
    if (twin.end === 'hung') {
      // Until then the machine is slow, not the peer silent.
      while (simulator.ledger().total.requests === 0 || got < Buffer.byteLength(twin.body))
        await clock.sleep(1);
      if (twin.status !== undefined) await answer;
      await clock.sleep(QUIET_MS);
      leaving.abort();
    }
    return { ...(await heard), ledger: simulator.ledger() };
  } finally {
    server.stop();
  }
}

async function inProcess(fault: string, mode: Mode): Promise<Heard> {
  const clock = virtualClock();
  const simulator = createSimulator({ clock });
  const leaving = new AbortController();
  const heard = listen(
    simulator.fetch(requestFor('http://simulator', fault, mode, leaving.signal)),
    mode,
    () => clock.monotonic(),
    leaving.signal,
    () => undefined,
  );
  let settled = false;
  const watched = heard.finally(() => {
    settled = true;
  });
  await clock.run(watched).catch(() => undefined);
  // Nothing was due any more and the answer still hung: that is what a client would wait for in vain.
  if (!settled) leaving.abort();
  return { ...(await watched), ledger: simulator.ledger() };
}

async function listen(
  answer: Promise<Response>,
  mode: Mode,
  now: () => number,
  leaving: AbortSignal,
  arrived: (bytes: number) => void,
): Promise<Omit<Heard, 'ledger'>> {
  const startedAt = now();
  const chunks: Uint8Array[] = [];
  let response: Response | undefined;
  let headAt = Number.NaN;
  let end: Seen['end'] = 'clean';
  let errorCode: string | undefined;
  try {
    response = await answer;
    headAt = now() - startedAt;
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk);
      arrived(chunk.length);
    }
  } catch (error) {
    errorCode = (error as { code?: string }).code;
    end = leaving.aborted ? 'hung' : response ? 'broken' : 'refused';
  }
  const body = Buffer.concat(chunks).toString();
  return {
    end,
    errorCode: end === 'hung' ? undefined : errorCode,
    status: response?.status,
    headers: response?.headers ?? new Headers(),
    body,
    reads: chunks.map((chunk) => chunk.length),
    usage: false,
    done: false,
    ...observe(mode.dialect, mode.stream, body),
    headAt,
    endAt: now() - startedAt,
  };
}
