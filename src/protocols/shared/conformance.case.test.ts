import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ExchangeId, Failure, FailureKind, Outcome, Protocol, Reading, Usage } from '#contracts';
import { FAILURE_KINDS } from '#contracts';
import { replaceSpan } from '#kernel';
import { type AskParts, protocolByName, protocolByPath, rebuildAsk } from '../index.ts';
import { failure } from './failures.ts';
import { decode, encode, type Json } from './json.ts';

/** What a member shows of itself; the suite holds it to the contract of `Protocol`. */
export interface Conformance {
  readonly protocol: Protocol;
  /** Asks as both SDKs' types allow them. */
  readonly asks: readonly Json[];
  readonly badAsks: readonly { readonly ask: unknown; readonly param?: string; readonly says: RegExp }[];
  readonly answers: readonly Case<string>[];
  readonly streams: readonly Case<Uint8Array>[];
  /** Calls the real client on a response made of `status` and `body`; rejects with the client's own error. */
  readonly call: (response: Response, stream: boolean) => Promise<unknown>;
  /** The client's class for each status. */
  readonly errorClass: (status: number) => abstract new (...args: never) => Error;
  /** What a client throws on an error event. */
  readonly streamErrorClass: abstract new (
    ...args: never
  ) => Error;
  /** What a cut most often leaves behind, where events carry names. */
  readonly halfEvent?: string;
}

export interface Case<Body> {
  readonly name: string;
  readonly body: Body;
  readonly outcome: Outcome;
  readonly finish?: string;
  readonly failure?: FailureKind;
  readonly usage?: Partial<Usage>;
  readonly observed?: Reading['observed'];
  readonly textLength?: number;
  readonly toolCalls?: number;
  readonly message?: unknown;
}

const EXCHANGE = '01990000-0000-7000-8000-000000000000' as ExchangeId;
const SEED = 20_260_401;

export const fixture = async (folder: string, name: string): Promise<Uint8Array> =>
  new Uint8Array(await Bun.file(`${folder}/fixtures/${name}`).arrayBuffer());

/** Everything a reading says, as plain data. */
export function plain(reading: Reading): Json {
  const body = reading.message();
  return { ...reading, message: body === undefined ? undefined : JSON.parse(decode(body)) };
}

/** Scans `body` cut at `cuts` (ascending) and gives all that can be seen afterwards. */
export function scan(protocol: Protocol, body: Uint8Array, cuts: readonly number[], closed = true): Json {
  const scanner = protocol.scanStream();
  let from = 0;
  for (const to of [...cuts, body.length]) {
    // A copy that is wiped after the push: chunk bytes may be kept only until then.
    const chunk = body.slice(from, to);
    scanner.push(chunk);
    chunk.fill(0);
    from = to;
  }
  const seen = {
    started: scanner.started,
    ended: scanner.ended,
    finished: scanner.finished,
    failure: scanner.failure,
    events: scanner.events,
    pending: scanner.pending,
  };
  return { ...seen, reading: plain(scanner.read(closed)) };
}

export function conformance(member: Conformance): void {
  const { protocol } = member;
  const title = (text: string) => `${protocol.name}: ${text}`;

  test(title('is found by name and by path'), () => {
    expect(protocolByName(protocol.name)).toBe(protocol);
    expect(protocolByPath(protocol.path)).toBe(protocol);
    expect(Object.isFrozen(protocol)).toBe(true);
  });

  asksConform(member, title);
  answersConform(member, title);
  streamsConform(member, title);
  errorsConform(member, title);
  digestsConform(member, title);

  test(title('a reply of ours reads as a complete answer with that text, as body and as stream'), () => {
    if (!protocol.writeReply) return;
    const text = 'We are short of breath right now: "ünïcode" \n 🚢';
    const reply = { text, exchange: '0190' as ExchangeId, model: 'm', at: 1_790_000_000_000 };
    const body = plain(protocol.readAnswer(encode(protocol.writeReply({ ...reply, stream: false }))));
    const stream = scan(protocol, encode(protocol.writeReply({ ...reply, stream: true })), []);
    for (const reading of [body, stream.reading as Json]) {
      expect(reading).toMatchObject({ outcome: 'complete', textLength: text.length });
      expect(JSON.stringify(reading.message)).toContain(JSON.stringify(text).slice(1, -1));
    }
    expect(stream).toMatchObject({ started: true, finished: true, ended: true });
  });

  test(title('never throws, whatever the bytes'), () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.jsonValue().map((value) => encode(JSON.stringify(value))),
      fc.constantFrom(...member.asks).chain((ask) => damaged(ask)),
    );
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        protocol.readAsk(a);
        protocol.readAnswer(a).message();
        protocol.readMessage(a);
        protocol.readError(400, {}, a, 0);
        protocol.digest(a, b, {});
        const scanner = protocol.scanStream();
        scanner.push(encode(`data: ${decode(a)}\n\n`));
        scanner.push(b);
        scanner.read(true).message();
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
}

/** An ask with one value, anywhere in it, replaced by something else. */
function damaged(ask: Json): fc.Arbitrary<Uint8Array> {
  const paths: (string | number)[][] = [];
  const walk = (value: unknown, path: (string | number)[]) => {
    if (path.length > 0) paths.push(path);
    if (typeof value !== 'object' || value === null) return;
    for (const key of Object.keys(value)) walk((value as Json)[key], [...path, key]);
  };
  walk(ask, []);
  return fc.tuple(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 1 })).map(([path, value]) => {
    const copy = structuredClone(ask);
    let at: Json = copy;
    for (const key of path.slice(0, -1)) at = at[key] as Json;
    at[path.at(-1) as string] = value;
    return encode(JSON.stringify(copy));
  });
}

type Title = (text: string) => string;

function asksConform({ protocol, asks, badAsks }: Conformance, title: Title): void {
  test(title('reads asks and finds the model, whatever stands around it'), () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...asks.filter((ask) => ask.model !== undefined)),
        fc.dictionary(
          fc.string().map((key) => `x_${key}`),
          fc.jsonValue(),
          { maxKeys: 4 },
        ),
        fc.constantFrom('plain', '"model"', 'a "model": "b" c', '\\u006d', 'ü', '"model'),
        fc.constantFrom(0, 1, '\t'),
        fc.constantFrom('first', 'last', 'both', 'escaped'),
        (ask, unknown, hard, indent, place) => {
          const { model, ...others } = ask;
          const rest = { ...others, ...unknown, x_hard: hard, x_deep: [{ model: 'inner' }] };
          const object =
            place === 'first' ? { model, ...rest } : place === 'both' ? { model: 'old', ...rest } : rest;
          let json = JSON.stringify(object, null, indent);
          // What JSON.stringify cannot write: the key twice, and the key spelled with an escape.
          if (place !== 'first')
            json = `${json.trimEnd().slice(0, -1)},"${place === 'escaped' ? 'mod\\u0065l' : 'model'}" : ${JSON.stringify(model)}}`;
          const body = encode(json);
          const read = protocol.readAsk(body);
          expect(read.ok).toBe(true);
          if (!read.ok) return;
          expect(read.value.facets.model).toBe(model as string);
          expect(read.value.facets.bytes).toBe(body.length);
          const span = read.value.modelSpan;
          expect(span).toBeDefined();
          if (!span) return;
          expect(JSON.parse(decode(replaceSpan(body, span, '"mapped"')))).toEqual({
            ...JSON.parse(json),
            model: 'mapped',
          });
        },
      ),
      { seed: SEED, numRuns: 1000 },
    );
  });

  test(title('says which field is wrong and what it should be'), () => {
    for (const { ask, param, says } of badAsks) {
      const read = protocol.readAsk(typeof ask === 'string' ? encode(ask) : encode(JSON.stringify(ask)));
      expect(read.ok).toBe(false);
      if (read.ok) continue;
      expect(read.error).toMatchObject({ kind: 'bad_request', origin: 'client', retryable: false });
      expect(read.error.param).toBe(param);
      expect(read.error.hint).toMatch(says);
    }
  });
}

function expectCase(expected: Case<unknown>, reading: Json): void {
  const { name, body: _, message, failure: kind, usage, ...same } = expected;
  expect({ name, ...reading }).toMatchObject({ name, ...same });
  expect({ name, kind: (reading.failure as Failure | undefined)?.kind }).toEqual({ name, kind });
  if (usage) expect(reading.usage).toMatchObject(usage);
  if (message !== undefined) expect(reading.message).toEqual(message);
}

function answersConform({ protocol, answers }: Conformance, title: Title): void {
  test(title('reads whole answers'), () => {
    for (const answer of answers) expectCase(answer, plain(protocol.readAnswer(encode(answer.body))));
  });

  test(title('a 200 that is not JSON is invalid'), () => {
    for (const body of ['', '<html>busy</html>', '{"choices":[', '[]', 'null'])
      expect(protocol.readAnswer(encode(body))).toMatchObject({
        outcome: 'invalid',
        failure: { kind: 'malformed' },
      });
  });
}

function streamsConform({ protocol, streams }: Conformance, title: Title): void {
  test(title('reads streams'), () => {
    for (const stream of streams) expectCase(stream, scan(protocol, stream.body, []).reading as Json);
  });

  test(title('every cut of a stream in two, and byte by byte, reads like the whole'), () => {
    for (const { body } of streams) {
      const whole = scan(protocol, body, []);
      for (let at = 1; at < body.length; at++) expect(scan(protocol, body, [at])).toEqual(whole);
      expect(scan(protocol, body, [...body.keys()].slice(1))).toEqual(whole);
    }
  });

  if (streams.length === 0) return;
  const anyStream = fc.constantFrom(...streams.map(({ body }) => body));

  test(title('line ends, comments, unknown events and random cuts change nothing'), () => {
    fc.assert(
      fc.property(
        anyStream,
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.boolean(),
        fc.array(fc.constantFrom(...NOISE), { minLength: 0, maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (body, lineEnd, bom, noise, places) => {
          const events = decode(body).split('\n\n').slice(0, -1);
          noise.forEach((event, i) => {
            events.splice((places[i] ?? 0) % events.length, 0, event);
          });
          const noisy = encode(
            (bom ? '\ufeff' : '') + `${events.join('\n\n')}\n\n`.replaceAll('\n', lineEnd),
          );
          const cuts = [...new Set(places.map((place) => place % noisy.length))].sort((a, b) => a - b);
          const seen = scan(protocol, noisy, cuts);
          const clean = scan(protocol, body, []);
          expect(seen).toEqual({ ...clean, events: (clean.events as number) + noise.length });
        },
      ),
      { seed: SEED, numRuns: 1000 },
    );
  });

  test(title('a stream whose text is forgotten half-way ends as it would have, without its message'), () => {
    for (const { body } of streams) {
      const plain = scan(protocol, body, []).reading as Json;
      for (const at of [0, 0.3, 0.6, 0.9].map((share) => Math.floor(share * body.length))) {
        const scanner = protocol.scanStream();
        scanner.push(body.subarray(0, at));
        scanner.forget();
        scanner.push(body.subarray(at));
        const { outcome, failure, finish, usage, toolCalls, forgotten, message } = scanner.read(true);
        expect(JSON.parse(JSON.stringify({ outcome, failure, finish, toolCalls }))).toEqual(
          JSON.parse(
            JSON.stringify({
              outcome: plain.outcome,
              failure: plain.failure,
              finish: plain.finish,
              toolCalls: plain.toolCalls,
            }),
          ),
        );
        if (usage.basis === 'reported') expect(usage).toEqual(plain.usage as typeof usage);
        expect([forgotten, message(), scanner.kept]).toEqual([true, undefined, 0]);
      }
    }
  });

  test(title('a stream that ends early is never taken for a good end'), () => {
    for (const { name, body, outcome } of streams) {
      const scanner = protocol.scanStream();
      for (let at = 0; at < body.length; at++) {
        scanner.push(body.subarray(at, at + 1));
        if (scanner.finished || scanner.failure) break;
        const early = protocol.scanStream();
        early.push(body.subarray(0, at + 1));
        expect({ name, at, outcome: early.read(false).outcome }).toEqual({ name, at, outcome: 'cut' });
        const closed = early.read(true);
        // The last byte before the blank line may complete the event that says why.
        if (closed.outcome !== outcome) {
          expect({ name, at, outcome: closed.outcome }).toEqual({ name, at, outcome: 'cut' });
          expect(['cut', 'empty']).toContain(closed.failure?.kind ?? '');
        }
      }
    }
  });

  test(title('what is no JSON object, or larger than an event may be, is malformed'), () => {
    for (const bad of ['data: {"half":\n\n', 'data: <html>\n\n', 'data: [1]\n\n', 'data: 7\n\n']) {
      const scanner = protocol.scanStream();
      scanner.push(encode(bad));
      expect(scanner.failure?.kind).toBe('malformed');
      expect(scanner.read(true).outcome).toBe('invalid');
    }
    for (const size of [1, 64, 4096]) {
      const scanner = protocol.scanStream({ maxEventBytes: 1000 });
      for (let sent = 0; sent < 5000; sent += size) scanner.push(encode('x'.repeat(size)));
      expect(scanner.failure?.kind).toBe('malformed');
      expect(scanner.pending).toBe(0);
    }
  });
}

/** Things that may stand in any stream and mean nothing to it. */
const NOISE = [
  ': keep-alive',
  ':',
  'event: ping\ndata: {"type":"ping"}',
  'event:tomorrow\ndata:{"type":"tomorrow","x":\ndata:[1,"\u{1f600}"]}',
  'id: 7\nretry: 1000',
  'unknown',
];

function errorsConform(member: Conformance, title: Title): void {
  const { protocol, streams, call, errorClass, streamErrorClass, halfEvent } = member;
  const hint = 'The field `x` is wrong; it should be y.';

  test(title('the real client throws its own class for every kind of failure'), async () => {
    for (const kind of FAILURE_KINDS) {
      const { status, body } = protocol.writeError(failure(kind, hint, { param: 'x' }), EXCHANGE);
      const response = new Response(body, { status, headers: { 'content-type': 'application/json' } });
      const thrown = await call(response, false).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(thrown).toBeInstanceOf(errorClass(status));
      expect(thrown).toMatchObject({ status });
      expect((thrown as Error).message).toContain(hint);
      expect((thrown as Error).message).toContain(EXCHANGE);
    }
  });

  test(title('the real client throws on an error inside a stream, also after half an event'), async () => {
    if (streams.length === 0) return;
    const event = protocol.writeStreamError(failure('cut', hint), EXCHANGE);
    for (const before of ['', ': comment\n\n', ': half', ...(halfEvent ? [halfEvent] : [])]) {
      const response = new Response(before + event, { headers: { 'content-type': 'text/event-stream' } });
      const thrown = await call(response, true).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(thrown).toBeInstanceOf(streamErrorClass);
      expect((thrown as Error).message).toContain(hint);
    }
    const scanner = protocol.scanStream();
    scanner.push(encode(event));
    expect(scanner.failure).toBeDefined();
    expect(scanner.read(true).outcome).toBe('error');
  });

  test(title('its own errors are read back as what they were'), () => {
    const kinds = ['rate_limited', 'quota_exhausted', 'overloaded', 'provider_rejected'] as const;
    for (const kind of kinds) {
      const { status, body } = protocol.writeError(failure(kind, hint), EXCHANGE);
      expect(protocol.readError(status, {}, encode(body), 0).kind).toBe(kind);
    }
  });

  test(title('what it reads from an error never shows a credential'), () => {
    const secrets = [
      'sk-proj-Ab12Cd34Ef56Gh78',
      'sk-ant-api03-zz9yy8xx7ww6',
      'Bearer abcdef123456',
      'mw_0123456789abcdef',
    ];
    for (const status of [400, 401, 403, 404, 429, 500, 503])
      for (const secret of secrets) {
        const message = `Incorrect API key provided: ${secret}. Ask for help.`;
        for (const body of [
          JSON.stringify({ type: 'error', error: { type: 'api_error', message } }),
          JSON.stringify({ error: message }),
          message,
        ])
          expect(JSON.stringify(protocol.readError(status, {}, encode(body), 0))).not.toContain(
            secret.replace('Bearer ', ''),
          );
      }
  });
}

function digestsConform({ protocol, asks, answers }: Conformance, title: Title): void {
  test(title('a digest names every body and link once, whatever the order of keys'), () => {
    for (const ask of asks) {
      const bytes = encode(JSON.stringify(ask));
      for (const answer of [
        undefined,
        ...answers.map(({ body }) => protocol.readAnswer(encode(body)).message()),
      ]) {
        const digest = protocol.digest(bytes, answer, {});
        const shuffled = encode(JSON.stringify(Object.fromEntries(Object.entries(ask).reverse()), null, 2));
        expect(protocol.digest(shuffled, answer, {})).toEqual(digest);
        const named = new Set<string>([...digest.links.values()].map(({ message }) => message));
        const { tools, schema, envelope } = digest.ask ?? {};
        for (const hash of [tools, schema, envelope]) if (hash) named.add(hash);
        for (const hash of digest.answer?.messages ?? []) named.add(hash);
        expect(new Set<string>(digest.bodies.keys())).toEqual(named);
        expect(digest.ask?.length).toBe(partsOf(protocol, bytes).messages.length);
      }
    }
  });

  test(title('an ask rebuilt from its digest means the same'), () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...asks),
        fc.dictionary(
          fc.string().map((key) => `x_${key}`),
          fc.jsonValue(),
          { maxKeys: 5 },
        ),
        (ask, unknown) => {
          const bytes = encode(JSON.stringify({ ...ask, ...unknown }));
          const rebuilt = rebuildAsk(protocol.name, partsOf(protocol, bytes));
          const again = encode(JSON.stringify(rebuilt));
          expect(protocol.digest(again, undefined, {})).toEqual(protocol.digest(bytes, undefined, {}));
          const [before, after] = [protocol.readAsk(bytes), protocol.readAsk(again)];
          if (!before.ok || !after.ok) throw new Error(`unreadable: ${decode(again)}`);
          expect({ ...after.value.facets, bytes: 0 }).toEqual({ ...before.value.facets, bytes: 0 });
        },
      ),
      { seed: SEED, numRuns: 300 },
    );
  });

  test(title('declared axes add to the derived ones and win over them'), () => {
    const ask = encode(JSON.stringify(asks[0]));
    const derived = protocol.digest(ask, undefined, {});
    const declared = protocol.digest(ask, undefined, { prompt: 'v7', harness: 'h1' });
    expect(declared.axes).toEqual({ ...derived.axes, prompt: 'v7', harness: 'h1' });
    expect(declared.release).not.toBe(derived.release);
    expect(declared.release).toMatch(/^[0-9a-f]{32}$/);
  });
}

/** What the store gives back: the bodies an ask's record names, parsed. */
export function partsOf(protocol: Protocol, ask: Uint8Array): AskParts {
  const digest = protocol.digest(ask, undefined, {});
  const record = digest.ask;
  if (!record) throw new Error('no record');
  const body = (hash: Parameters<typeof digest.bodies.get>[0]): unknown =>
    JSON.parse(decode(digest.bodies.get(hash) ?? encode('null')));
  const messages: unknown[] = [];
  for (
    let link = digest.links.get(record.messages);
    link;
    link = link.before && digest.links.get(link.before)
  )
    messages.unshift(body(link.message));
  return {
    messages,
    ...(record.tools ? { tools: body(record.tools) } : {}),
    ...(record.schema ? { schema: body(record.schema) } : {}),
    envelope: body(record.envelope) as Json,
  };
}
