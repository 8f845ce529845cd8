import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Outcome } from '#contracts';
import { seeded } from '#kernel';
import { well } from '../support/failure-table.ts';
import { type TestGateway, testGateway } from '../support/gateway.ts';
import { eventually } from '../support/houses.ts';
import { type Mutator, mutator } from '../support/mutate.ts';
import { type Behaviour, chunk, head, LAST_CHUNK, type Puppet, puppet, whole } from '../support/puppet.ts';
import { ANTHROPIC, OPENAI, TONGUES, type Tongue } from '../support/tongues.ts';

/**
 * Mutilated requests and mutilated replies through a real gateway: nothing crashes, nothing hangs, nothing is called an
 * internal error, nothing is left behind. `MIDWATCH_FUZZ` sets how many, `MIDWATCH_FUZZ_SEED` another seed.
 */
const COUNT = Number(process.env.MIDWATCH_FUZZ ?? 20_000);
/** The same with every run of the tests, so that a red one is about the change; another seed explores. */
const SEED = process.env.MIDWATCH_FUZZ_SEED ?? '2026';
const TIME_LIMIT = 120_000 + COUNT * 20;
const AT_ONCE = 24;
/** A house remembers what it recorded, and whose key was refused; after so many a new one is opened. */
const PER_HOUSE = 1_000;
/** Far beyond every limit of the route. */
const HANG_MS = 20_000;

console.log(`fuzz: ${COUNT} messages, seed ${SEED}`);

const crashes: unknown[] = [];
const crashed = (error: unknown) => void crashes.push(error);
beforeAll(() => {
  process.on('uncaughtException', crashed);
  process.on('unhandledRejection', crashed);
});
afterAll(() => {
  process.off('uncaughtException', crashed);
  process.off('unhandledRejection', crashed);
});

function open(up: Puppet): TestGateway {
  const root = `http://127.0.0.1:${up.port}`;
  const route = (provider: string, protocol?: string) => ({
    ...(protocol && { match: { protocol } }),
    waitForTarget: 0,
    attempts: { perTarget: 1 },
    timeouts: { connect: 2_000, headers: 2_000, firstToken: 2_000, idle: 2_000, total: 4_000 },
    tiers: [{ name: 'only', targets: [{ provider }] }],
  });
  return testGateway({
    limits: { body: 200_000 },
    providers: {
      oa: { protocol: 'openai', baseUrl: `${root}/v1`, apiKey: 'k' },
      an: { protocol: 'anthropic', baseUrl: root, apiKey: 'k' },
    },
    routes: {
      openai: route('oa', 'openai'),
      anthropic: route('an', 'anthropic'),
      'to-openai': route('oa'),
      'to-anthropic': route('an'),
    },
  });
}

interface Heard {
  readonly text: string;
  /** Ended by the server, rather than by us for want of patience. */
  readonly ended: boolean;
}

/** Sends pieces, closes its side when told to, and hears the other out. */
function converse(port: number, pieces: readonly string[], half: boolean): Promise<Heard> {
  return new Promise((resolve) => {
    let text = '';
    let done = false;
    const finish = (ended: boolean) => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      resolve({ text, ended });
    };
    const timer = setTimeout(() => finish(false), HANG_MS);
    Bun.connect({
      hostname: '127.0.0.1',
      port,
      allowHalfOpen: true,
      socket: {
        async open(socket) {
          for (const piece of pieces) {
            if (done) break;
            // A piece that the kernel does not take is one that the server does not want.
            socket.write(Buffer.from(piece, 'latin1'));
            if (pieces.length > 1) await Bun.sleep(0);
          }
          if (half) socket.shutdown();
        },
        data(socket, bytes) {
          text += bytes.toString('latin1');
          if (half || !isOver(text)) return;
          finish(true);
          socket.terminate();
        },
        end(socket) {
          finish(true);
          socket.end();
        },
        close: () => finish(true),
        error: () => finish(true),
      },
    }).catch(() => finish(true));
  });
}

/** A well-formed request is answered on a connection that stays: its end has to be read from the bytes. */
function isOver(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end))?.[1];
  return length === undefined ? text.endsWith(LAST_CHUNK) : text.length >= end + 4 + Number(length);
}

/** What nobody may be answered, whatever was sent: a status 500 of the provider's own passes as it is. */
const INTERNAL = 'failed inside';
/** Of the answer; interim responses come before it. */
const statusOf = (text: string): number =>
  Number(/^(?:HTTP\/1\.1 1\d\d [^\r]*\r\n\r\n)*HTTP\/1\.1 ([2-5]\d\d) /.exec(text)?.[1] ?? 0);
const latin = (text: string) => Buffer.from(text).toString('latin1');

/** Runs it against one house after another, and sees that each is left as it was found. */
async function against(up: Puppet, once: (at: TestGateway, port: number) => Promise<void>): Promise<void> {
  const sizes: number[] = [];
  const wrongs: unknown[] = [];
  for (let done = 0; done < COUNT / 2; done += PER_HOUSE) {
    const at = open(up);
    const port = Number(new URL(at.url).port);
    let left = Math.min(PER_HOUSE, COUNT / 2 - done);
    const worker = async () => {
      while (left-- > 0)
        await once(at, port).catch((error: unknown) => {
          wrongs.push(error);
          if (wrongs.length >= 20) left = 0;
        });
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await eventually(() => at.gateway.stats().inFlight === 0);
    expect(at.gateway.stats().streams).toBe(0);
    const ask = { model: 'well', messages: [{ role: 'user', content: 'x' }] };
    const fine = await fetch(`${at.url}${OPENAI.path}`, { method: 'POST', body: JSON.stringify(ask) });
    // A reply that became a 401 has taken the provider's key out of use, as it should.
    if (fine.status !== 200) expect(await fine.text()).toContain('refuses the key');
    at.stop();
    up.forget();
    Bun.gc(true);
    sizes.push(process.memoryUsage().heapUsed);
    if (wrongs.length > 0) throw new AggregateError(wrongs, wrongs.map(String).join('\n\n'));
  }
  expect(crashes).toEqual([]);
  await eventually(() => up.open === 0);
  await up.stop();
  if (sizes.length < 8) return;
  // What a run of any length keeps is what its first quarter kept.
  const early = sizes[Math.floor(sizes.length / 4)] as number;
  const late = sizes.at(-1) as number;
  console.log(
    `fuzz: heap ${(early / 1e6).toFixed(0)} MB after a quarter, ${(late / 1e6).toFixed(0)} MB at the end`,
  );
  expect(late - early).toBeLessThan(50e6);
}

const shown = (text: string) =>
  JSON.stringify(text.replace(/(.)\1{60,}/g, (run) => `${run[0]}×${run.length}`).slice(0, 6_000));
const wrong = (what: string, sent: string, heard: string): Error =>
  new Error(`${what}, seed ${SEED}\n--- sent\n${shown(sent)}\n--- heard\n${shown(heard)}`);

const count = (into: Record<string, number>, what: string | number) => {
  into[what] = (into[what] ?? 0) + 1;
};

/* ── requests ── */

interface Question {
  readonly path: string;
  readonly body: object;
}
const TOOL = { type: 'object', properties: { city: { type: 'string' } } };
const QUESTIONS: readonly Question[] = [
  ...TONGUES.flatMap((t) =>
    [false, true].map((stream) => ({ path: t.path, body: JSON.parse(t.ask(stream)) as object })),
  ),
  {
    path: OPENAI.path,
    body: {
      model: 'm',
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0.5,
      stop: ['a', 'b'],
      tools: [{ type: 'function', function: { name: 'f', parameters: TOOL } }],
      tool_choice: 'auto',
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: TOOL } },
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"city":"Leipzig"}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: '7' },
      ],
    },
  },
  {
    path: ANTHROPIC.path,
    body: {
      model: 'm',
      max_tokens: 2_000,
      stream: true,
      system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
      tools: [{ name: 'f', input_schema: TOOL }],
      tool_choice: { type: 'auto' },
      thinking: { type: 'enabled', budget_tokens: 1_024 },
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
          ],
        },
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id: 't1', name: 'f', input: { city: 'Leipzig' } }],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: '7' }] },
      ],
    },
  },
  { path: '/v1/responses', body: { model: 'm', input: 'Hello?', stream: false, tools: [] } },
  { path: '/v1/embeddings', body: { model: 'm', input: ['a', 'b'] } },
  {
    path: '/v1/messages/count_tokens',
    body: { model: 'm', messages: [{ role: 'user', content: 'x' }] },
  },
];
const ROUTES = [undefined, undefined, 'to-openai', 'to-anthropic'];

const framedPiece = (piece: string) => (piece === '' ? '' : `${piece.length.toString(16)}\r\n${piece}\r\n`);

function request(m: Mutator): readonly string[] {
  const { path, body } = m.pick(QUESTIONS);
  // Most changes to bytes leave no JSON, and are refused at the first look.
  const layer = m.pick(['json', 'json', 'json', 'headers', 'headers', 'pieces', 'body', 'bytes']);
  const json = latin(JSON.stringify(layer === 'json' || m.chance(0.2) ? m.json(body) : body));
  const sent = layer === 'body' ? m.bytes(json) : json;
  const route = m.pick(ROUTES);
  const inChunks = m.chance(0.2);
  const plain = [
    'host: x',
    'content-type: application/json',
    ...(route === undefined ? [] : [`x-midwatch-route: ${route}`]),
    inChunks ? 'transfer-encoding: chunked' : `content-length: ${sent.length}`,
  ];
  const lines = layer === 'headers' ? m.headers(plain) : plain;
  const framed = inChunks ? `${m.pieces(sent).map(framedPiece).join('')}${LAST_CHUNK}` : sent;
  const first = m.chance(0.03) ? 'GET /v1/models HTTP/1.1' : `POST ${path} HTTP/1.1`;
  const text = `${[first, ...lines].join('\r\n')}\r\n\r\n${framed}`;
  if (layer === 'bytes') return [m.bytes(text)];
  return layer === 'pieces' ? m.pieces(text) : [text];
}

test(
  'no request, however mutilated, crashes, hangs or is answered with an internal error',
  async () => {
    const m = mutator(seeded(`requests ${SEED}`));
    const up = await puppet((call) => {
      // Somebody asked for the list of models.
      if (call.method === 'GET') return call.write(whole(200, OPENAI.json, '{"data":[]}'));
      const tongue = call.path.startsWith('/v1/messages') ? ANTHROPIC : OPENAI;
      // What the gateway passes on is JSON that it has read.
      const { stream } = JSON.parse(Buffer.from(call.body).toString()) as { stream?: unknown };
      well(call, { tongue, stream: stream === true });
    });
    const statuses: Record<string, number> = {};
    await against(up, async (_, port) => {
      const pieces = request(m);
      // Nothing follows, so every request is answered, refused, or known never to become one.
      const { text, ended } = await converse(port, pieces, true);
      const status = statusOf(text);
      count(statuses, status);
      if (!ended || text.includes(INTERNAL))
        throw wrong(ended ? `answered ${status}` : 'hangs', pieces.join(''), text);
    });
    console.log(`fuzz: requests by status ${JSON.stringify(statuses)}`);
    // The mutations are of use only while many of them get past the first check.
    expect(statuses[200]).toBeGreaterThan(COUNT / 40);
    expect(statuses[400]).toBeGreaterThan(COUNT / 40);
  },
  TIME_LIMIT,
);

/* ── replies ── */

interface Reply {
  readonly bytes: string;
  readonly end: 'fin' | 'reset' | 'open';
}

const ENDS = ['fin', 'fin', 'fin', 'fin', 'reset', 'open'] as const;
const ERRORS = [400, 404, 408, 409, 413, 422, 429, 500, 502, 503, 529];
const AFTER = ['1', 'x', '-1', '9999999999999'];
const REASONS = [undefined, undefined, undefined, 'length', 'max_tokens', 'tool_use', 'tool_calls', 'what'];

function reply(m: Mutator, t: Tongue, stream: boolean): Reply {
  const layer = m.pick(['json', 'bytes', 'events', 'text', 'head', 'none']);
  const end = m.pick(ENDS);
  const kind = m.below(10);
  const bytes = latin(
    kind === 0 ? refusal(m, t, layer) : !stream || kind === 1 ? answer(m, t, layer) : events(m, t, layer),
  );
  return { bytes: layer === 'bytes' ? m.bytes(bytes) : bytes, end };
}

const changed = (m: Mutator, layer: string, json: string): string =>
  layer === 'json' ? JSON.stringify(m.json(JSON.parse(json))) : json;

function refusal(m: Mutator, t: Tongue, layer: string): string {
  const headers = { ...t.json, ...(m.chance(0.3) && { 'retry-after': m.pick(AFTER) }) };
  const body = t.error(m.pick(Object.values(t.words)), 'it went wrong');
  return whole(m.pick(ERRORS), headers, changed(m, layer, body));
}

const answer = (m: Mutator, t: Tongue, layer: string): string =>
  whole(200, t.json, changed(m, layer, t.answer('Hello', m.pick(REASONS))));

function events(m: Mutator, t: Tongue, layer: string): string {
  const said = [...t.opening, t.delta('Hel'), t.delta('lo'), t.reason(m.pick(REASONS)), t.usage, t.terminator]
    .flatMap((text) => {
      if (layer !== 'events') return [text];
      return m.chance(0.2) ? [] : m.chance(0.2) ? [text, text] : [text];
    })
    .map((text) => {
      const at = text.indexOf('data: {');
      if (layer !== 'json' || at < 0 || m.chance(0.6)) return text;
      const end = text.indexOf('\n', at);
      return `${text.slice(0, at)}data: ${changed(m, layer, text.slice(at + 6, end))}${text.slice(end)}`;
    });
  const first = head(200, { ...t.sse, 'transfer-encoding': 'chunked' });
  const parts = layer === 'text' ? m.pieces(m.bytes(said.join(''))) : said;
  const body = `${parts.map(chunk).join('')}${m.chance(0.9) ? LAST_CHUNK : ''}`;
  return `${layer === 'head' ? m.bytes(first) : first}${body}`;
}

const PROPER: readonly Outcome[] = ['complete', 'tool', 'length', 'stop'];

test(
  'no reply, however mutilated, crashes, hangs, or becomes an internal error or a success that is none',
  async () => {
    const m = mutator(seeded(`replies ${SEED}`));
    const scripts = new Map<string, { readonly pieces: readonly string[]; readonly end: Reply['end'] }>();
    const acts: Behaviour = async ({ body, write, fin, reset }) => {
      const { model } = JSON.parse(Buffer.from(body).toString()) as { model: string };
      const script = scripts.get(model);
      if (!script) return write(whole(200, OPENAI.json, OPENAI.answer('Hello')));
      for (const piece of script.pieces) {
        write(Buffer.from(piece, 'latin1'));
        if (script.pieces.length > 1) await Bun.sleep(0);
      }
      if (script.end === 'fin') fin();
      if (script.end === 'reset') reset();
    };
    const up = await puppet(acts);
    const outcomes: Record<string, number> = {};
    let number = 0;
    await against(up, async (at, port) => {
      // A model of its own for each, for a target that once said 429 is not asked again.
      const model = `m-${number++}`;
      const caller = m.pick(TONGUES);
      const provider = m.pick(TONGUES);
      const stream = m.chance(0.7);
      const { bytes, end } = reply(m, provider, stream);
      scripts.set(model, { pieces: m.chance(0.5) ? [bytes] : m.pieces(bytes), end });
      // What never ends is ended by a limit of the caller's own.
      const patience = end === 'open' ? 250 : 3_000;
      const body = JSON.stringify({ ...(JSON.parse(caller.ask(stream)) as object), model });
      const lines = [
        `POST ${caller.path} HTTP/1.1`,
        'host: x',
        `x-midwatch-route: to-${provider.name}`,
        `x-midwatch-deadline-ms: ${patience}`,
        `content-length: ${body.length}`,
      ];
      const { text, ended } = await converse(port, [`${lines.join('\r\n')}\r\n\r\n${body}`], false);
      scripts.delete(model);
      const status = statusOf(text);
      if (!ended || text.includes(INTERNAL) || status === 0)
        throw wrong(ended ? `answered ${status}` : 'hangs', bytes, text);
      const id = /\r\nx-midwatch-exchange: (\S+)/i.exec(text)?.[1];
      await eventually(() => at.finished.some((f) => f.facts.id === id));
      const facts = at.finished.find((f) => f.facts.id === id)?.facts;
      if (!facts) throw wrong('no record', bytes, text);
      const { outcome, failure } = facts;
      count(outcomes, outcome);
      // Whoever was told of a success got all of it, and nobody else was told of one.
      const good = status >= 200 && status < 300;
      const success = good && isOver(text);
      if (PROPER.includes(outcome) && !(success && failure === undefined))
        throw wrong(`recorded as ${outcome}, not answered so`, bytes, text);
      if (success && failure !== undefined && failure.kind !== 'cut')
        throw wrong(`answered as a success, recorded as ${failure.kind}`, bytes, text);
      // The other dialect's word for it is an event like any other to this caller.
      const terminator =
        caller.path === '/v1/messages' ? /^data: \{"type":"message_stop"/m : /^data: \[DONE\]$/m;
      if (stream && good && !success && terminator.test(text))
        throw wrong(`a terminator before a break, recorded as ${outcome}`, bytes, text);
    });
    console.log(`fuzz: replies by outcome ${JSON.stringify(outcomes)}`);
    expect(outcomes.complete).toBeGreaterThan(COUNT / 40);
    expect(outcomes.error).toBeGreaterThan(COUNT / 40);
  },
  TIME_LIMIT,
);
