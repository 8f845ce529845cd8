import type {
  AnswerTaker,
  Clock,
  Fields,
  Transport,
  TransportCall,
  TransportRequest,
  TransportTrouble,
} from '#contracts';
import type { CassetteFiles } from './types.ts';

export function memoryFiles(): CassetteFiles & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return {
    texts,
    list: () => [...texts.keys()],
    read: (name) => texts.get(name),
    write: (name, text) => texts.set(name, text),
    remove: (name) => texts.delete(name),
  };
}

export interface Heard {
  readonly status?: number;
  readonly headers: Fields;
  readonly chunks: readonly string[];
  /** Milliseconds since the call, one per chunk. */
  readonly times: readonly number[];
  readonly trouble?: TransportTrouble;
  readonly text: string;
}

/** Makes a call and gathers what it is told. `use` gets the call and may pause or cancel it. */
export function hear(
  transport: Transport,
  request: TransportRequest,
  clock: Clock,
  during: { onData?: (call: () => TransportCall, n: number) => void } = {},
): Promise<Heard> {
  return new Promise((resolve) => {
    const began = clock.monotonic();
    let status: number | undefined;
    let headers: Fields = {};
    const chunks: Uint8Array[] = [];
    const times: number[] = [];
    const done = (trouble?: TransportTrouble) =>
      resolve({
        status,
        headers,
        chunks: chunks.map((c) => Buffer.from(c).toString('latin1')),
        times,
        trouble,
        text: Buffer.concat(chunks).toString(),
      });
    const call: TransportCall = transport(request, {
      connected() {},
      head(s, h) {
        status = s;
        headers = h;
      },
      data(bytes) {
        chunks.push(bytes);
        times.push(Math.round(clock.monotonic() - began));
        during.onData?.(() => call, chunks.length);
      },
      end: () => done(),
      fail: (trouble) => done(trouble),
    });
  });
}

export interface Script {
  readonly status?: number;
  readonly headers?: Fields;
  /** Milliseconds before each chunk, and the chunk. */
  readonly chunks: readonly (readonly [wait: number, bytes: string | Uint8Array])[];
  readonly trouble?: TransportTrouble;
}

/** A provider on a given clock. `calls` counts what reached it. */
export function scripted(clock: Clock, answer: (request: TransportRequest, n: number) => Script) {
  const seen = { calls: 0, live: 0 };
  const transport: Transport = (request, taker) => {
    const script = answer(request, seen.calls++);
    seen.live++;
    let over = false;
    const finish = (tell: () => void) => {
      over = true;
      seen.live--;
      tell();
    };
    const go = async () => {
      taker.connected();
      let headed = false;
      for (const [wait, bytes] of script.chunks) {
        await clock.sleep(wait);
        if (over) return;
        if (!headed)
          taker.head(script.status ?? 200, script.headers ?? { 'content-type': 'application/json' });
        headed = true;
        taker.data(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes);
      }
      const { trouble } = script;
      finish(() => (trouble ? taker.fail(trouble) : taker.end()));
    };
    go();
    return {
      cancel() {
        if (!over) finish(() => undefined);
      },
      pause() {},
      resume() {},
    };
  };
  return { transport, seen };
}

/** A real call over a real socket, through `fetch`. */
export const fetchTransport: Transport = (request, taker: AnswerTaker) => {
  const abort = new AbortController();
  let gate: Promise<void> = Promise.resolve();
  let open: () => void = () => undefined;
  const go = async () => {
    const { url, method, headers, body } = request;
    let response: Response;
    try {
      response = await fetch(url, {
        method,
        headers: headers as Record<string, string>,
        ...(body ? { body: new Uint8Array(body) } : {}),
        signal: abort.signal,
      });
    } catch (error) {
      if (!abort.signal.aborted) taker.fail({ kind: 'connect', detail: String(error) });
      return;
    }
    taker.connected();
    taker.head(response.status, Object.fromEntries(response.headers));
    try {
      const reader = response.body?.getReader();
      for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
        await gate;
        if (abort.signal.aborted) return;
        taker.data(read.value);
      }
    } catch (error) {
      if (!abort.signal.aborted) taker.fail({ kind: 'cut', detail: String(error) });
      return;
    }
    if (!abort.signal.aborted) taker.end();
  };
  go();
  return {
    cancel: () => abort.abort(),
    pause() {
      gate = new Promise((resolve) => {
        open = resolve;
      });
    },
    resume: () => open(),
  };
};

export const chat = (
  body: unknown,
  url = 'https://api.openai.com/v1/chat/completions',
): TransportRequest => ({
  url,
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: 'Bearer sk-test' },
  body: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
});

export const say = (text: string) => ({ model: 'gpt-5.5', messages: [{ role: 'user', content: text }] });

/** A chat completion as an event stream, one event a chunk. */
export const spoken = (parts: readonly string[], wait = 10): Script => ({
  headers: { 'content-type': 'text/event-stream' },
  chunks: [
    ...parts.map(
      (content, i) =>
        [
          wait,
          `data: ${JSON.stringify({ id: 'c1', model: 'gpt-5.5', choices: [{ index: 0, delta: i === 0 ? { role: 'assistant', content } : { content }, finish_reason: null }] })}\n\n`,
        ] as const,
    ),
    [
      wait,
      `data: ${JSON.stringify({ id: 'c1', model: 'gpt-5.5', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\n`,
    ],
    [0, 'data: [DONE]\n\n'],
  ],
});

export const whole = (text: string, wait = 10): Script => ({
  headers: { 'content-type': 'application/json' },
  chunks: [
    [
      wait,
      JSON.stringify({
        id: 'c1',
        object: 'chat.completion',
        model: 'gpt-5.5',
        choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
      }),
    ],
  ],
});
