import { afterEach, expect, test } from 'bun:test';
import http from 'node:http';
import net from 'node:net';
import { protocols } from '#protocols';
import { well } from '../support/failure-table.ts';
import { type PuppetHouse, type PuppetHouseOptions, puppetHouse } from '../support/houses.ts';
import { type Behaviour, type Call, chunk, head, LAST_CHUNK, streamed, whole } from '../support/puppet.ts';
import { ANTHROPIC, asked, fetched, OPENAI, TONGUES, type Tongue } from '../support/tongues.ts';

/** What clients and providers do that were not thought of when the failure table was written. */
let set: PuppetHouse | undefined;
afterEach(async () => {
  await set?.stop();
  set = undefined;
});
const open = async (first: Behaviour, options: Partial<PuppetHouseOptions> = {}): Promise<PuppetHouse> => {
  set = await puppetHouse(first, { tongue: OPENAI, ...options });
  return set;
};
const inTongue = (tongue: Tongue, first: Behaviour) => open(first, { tongue });
const fine =
  (tongue: Tongue): Behaviour =>
  (call) =>
    well(call, { tongue, stream: false });
const full =
  (tongue: Tongue, more: Readonly<Record<string, string>>): Behaviour =>
  ({ write }) =>
    write(whole(429, { ...tongue.json, ...more }, tongue.error(tongue.words.limited, 'slow down')));

test('a translated answer has no field that is null where Anthropic leaves it out: clients with a schema refuse it', async () => {
  const { house } = await open(fine(OPENAI));
  const { content } = JSON.parse((await fetched(house.url, ANTHROPIC, { stream: false })).body) as {
    content: readonly object[];
  };
  expect(content.map((block) => Object.keys(block))).toEqual([['type', 'text']]);
});

for (const [what, headers, said] of [
  [
    'the reset of an axis',
    { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '6m0s' },
    '360',
  ],
  ['a duration', { 'retry-after': '1m30s' }, '90'],
  ['two values', { 'retry-after': '7, 60' }, '60'],
  ['a number, which stays as it is', { 'retry-after': '60.0' }, '60.0'],
  ['nothing', {}, null],
] as const)
  test(`a caller of the same dialect is told when to come back, where the provider says it by ${what}`, async () => {
    const { house, first } = await open(full(OPENAI, headers));
    const { status, headers: told } = await fetched(house.url, OPENAI, { stream: false });
    expect([status, told.get('retry-after')]).toEqual([429, said]);
    if (said) expect(first.calls).toHaveLength(1);
  });

test('what nobody has a price for is not said to cost nothing', async () => {
  const { house, record } = await open(fine(OPENAI));
  const { headers } = await fetched(house.url, OPENAI, { stream: false });
  expect((await record(0)).cost.state).toBe('unpriced');
  expect(headers.get('x-midwatch-cost-usd')).toBeNull();
});

test('an account without money is called that as long as nobody asks the provider again', async () => {
  const { house, first } = await open(({ write }) =>
    write(
      whole(429, OPENAI.json, OPENAI.error('insufficient_quota', 'Check your plan.', 'insufficient_quota')),
    ),
  );
  for (const asked of [1, 1]) {
    const answer = await fetched(house.url, OPENAI, { stream: false });
    expect(answer.status).toBe(429);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'insufficient_quota' } });
    expect(first.calls).toHaveLength(asked);
  }
});

test('a model that the key may not use is called that, not a full one, as long as nobody asks the provider again', async () => {
  const { house, first } = await open(({ write }) =>
    write(whole(403, OPENAI.json, OPENAI.error('invalid_request_error', 'Not for you.', 'forbidden'))),
  );
  for (const _ of [1, 2]) {
    const answer = await fetched(house.url, OPENAI, { stream: false });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([502, null]);
    expect(answer.body).not.toContain('limit');
    expect(first.calls).toHaveLength(1);
  }
});

for (const [finish, reason] of [
  ['length', 'max_tokens'],
  ['content_filter', 'content_filter'],
] as const)
  test(`a call of a tool that ${finish} broke off ends a translated answer for that reason, not as an error`, async () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Os' } };
    const message = { role: 'assistant', content: 'I look.', tool_calls: [call] };
    const choices = [{ index: 0, message, finish_reason: finish }];
    const { house, first } = await open(({ write }) =>
      write(whole(200, OPENAI.json, JSON.stringify({ id: 'c', object: 'chat.completion', choices }))),
    );
    const answer = await fetched(house.url, ANTHROPIC, { stream: false });
    expect(first.calls).toHaveLength(1);
    expect(JSON.parse(answer.body)).toMatchObject({
      content: [{ type: 'text', text: 'I look.' }],
      stop_reason: reason,
    });
  });

test('kept connections that break one after the other cost one silent retry in an exchange, not one a try', async () => {
  let breaking = false;
  const gate = Promise.withResolvers<void>();
  const { house, first } = await open(async (call) => {
    if (breaking) return call.reset();
    await gate.promise;
    fine(OPENAI)(call);
  });
  // Three at once leave three kept connections.
  const asked = Array.from({ length: 3 }, () => fetched(house.url, OPENAI, { stream: false }));
  while (first.calls.length < 3) await Bun.sleep(1);
  gate.resolve();
  await Promise.all(asked);
  expect(first.open).toBe(3);
  breaking = true;
  expect((await fetched(house.url, OPENAI, { stream: false })).status).toBe(502);
  // Two tries, and the one silent retry of the first.
  expect(first.calls).toHaveLength(3 + 3);
});

test('nor does one a try where another answer than a break comes between', async () => {
  let asked = 0;
  const gate = Promise.withResolvers<void>();
  const { house, first } = await open(async (call) => {
    asked++;
    if (asked <= 3) await gate.promise;
    if (asked === 5) return call.write(whole(500, OPENAI.json, OPENAI.error('server_error', 'once')));
    if (asked > 3) return call.reset();
    fine(OPENAI)(call);
  });
  const three = Array.from({ length: 3 }, () => fetched(house.url, OPENAI, { stream: false }));
  while (first.calls.length < 3) await Bun.sleep(1);
  gate.resolve();
  await Promise.all(three);
  expect((await fetched(house.url, OPENAI, { stream: false })).status).toBe(502);
  // Broken, sent again by itself and answered with 500, tried again and broken.
  expect(first.calls).toHaveLength(3 + 3);
});

for (const [path, ask, delta, error] of [
  [
    '/v1/responses',
    { input: 'hi' },
    'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"Hel"}\n\n',
    /event: error\ndata: \{"type":"error"/,
  ],
  [
    '/v1/messages',
    { max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] },
    ANTHROPIC.opening.join('') + ANTHROPIC.delta('Hel'),
    /event: error\ndata: \{"type":"error"/,
  ],
] as const)
  test(`an error that a provider of ${path} writes as no client reads it is told in the dialect`, async () => {
    const tongue = path === '/v1/messages' ? ANTHROPIC : OPENAI;
    const seen = Promise.withResolvers<void>();
    const { house, record } = await open(
      async ({ write }) => {
        write(head(200, { ...OPENAI.sse, 'transfer-encoding': 'chunked' }) + chunk(delta));
        await seen.promise;
        write(chunk('data: {"error":{"message":"the disk is full"}}\n\n') + LAST_CHUNK);
      },
      { tongue },
    );
    const answer = await fetch(house.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'chat', stream: true, ...ask }),
    });
    let text = '';
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    try {
      for (let one = await reader.read(); !one.done; one = await reader.read()) {
        text += Buffer.from(one.value).toString();
        seen.resolve();
      }
    } catch {
      text += '<broken>';
    }
    expect(text).toStartWith(delta);
    expect(text).toMatch(error);
    expect(text).toContain('the disk is full');
    expect(text).toEndWith('<broken>');
    expect((await record(0)).outcome).toBe('error');
  });

for (const [path, hint] of [
  ['/chat/completions', 'Did you mean /v1/chat/completions?'],
  ['/messages/', 'Did you mean /v1/messages?'],
  ['/v1/v1/messages/count_tokens', 'Did you mean /v1/messages/count_tokens?'],
  ['/v1/chat/completions/', 'Did you mean /v1/chat/completions?'],
  ['/v1/audio/speech', 'It serves /v1/chat/completions,'],
] as const)
  test(`a wrong base URL (${path}) is answered in the dialect, with the right one`, async () => {
    const { house } = await open(fine(OPENAI));
    const answer = await fetch(house.url + path, { method: 'POST', body: '{}' });
    const said = await answer.text();
    expect(said).toContain(hint);
    expect(answer.status).toBe(404);
    const { error } = JSON.parse(said) as { error: { type: string } };
    expect(error.type).toBe(path.includes('messages') ? 'not_found_error' : 'invalid_request_error');
  });

const CHAT_PARTS = [...OPENAI.opening, OPENAI.delta('Hello'), OPENAI.reason()];
const SAYS_ALL: Readonly<Record<string, readonly [Tongue, readonly string[]]>> = {
  'the reason for the end of a chat': [OPENAI, CHAT_PARTS],
  'reason and usage of a chat': [OPENAI, [...CHAT_PARTS, OPENAI.usage]],
  'the reason of a message': [
    ANTHROPIC,
    [...ANTHROPIC.opening, ANTHROPIC.delta('Hello'), ANTHROPIC.reason()],
  ],
};
for (const [what, [tongue, parts]] of Object.entries(SAYS_ALL))
  for (const after of ['silence', 'comments'] as const)
    test(`${what} and then ${after} on an open socket is an end, soon`, async () => {
      let open = true;
      const { house, record } = await inTongue(tongue, async ({ write, closed }) => {
        void closed.then(() => {
          open = false;
        });
        write(streamed(tongue.sse, ...parts));
        for (let n = 0; open && n < 30; n++) {
          await Bun.sleep(50);
          if (after === 'comments') write(chunk(': still here\n\n'));
        }
        write(chunk(tongue.errorEvent(tongue.words.server, 'nobody should be here any more')));
      });
      const { body, broke } = await fetched(house.url, tongue, { stream: true });
      expect(broke).toBe(false);
      expect(body.replaceAll(': still here\n\n', '')).toBe(parts.join('') + tongue.terminator);
      expect((await record(0)).outcome).toBe('complete');
    });

test('usage that was asked for is waited for, and usage that comes unasked at once is kept', async () => {
  for (const [asks, late] of [
    [true, 600],
    [false, 50],
  ] as const) {
    const { house, record } = await open(async ({ write }) => {
      write(streamed(OPENAI.sse, ...CHAT_PARTS));
      await Bun.sleep(late);
      write(chunk(OPENAI.usage) + chunk(OPENAI.terminator) + LAST_CHUNK);
    });
    const answer = await fetch(`${house.url}${OPENAI.path}`, {
      method: 'POST',
      body: JSON.stringify({
        ...(JSON.parse(OPENAI.ask(true)) as object),
        stream_options: { include_usage: asks },
      }),
    });
    expect(await answer.text()).toBe(CHAT_PARTS.join('') + OPENAI.usage + OPENAI.terminator);
    expect((await record(0)).usage.basis).toBe('reported');
    await set?.stop();
  }
});

const choice = (index: number, content: string, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'm-1', choices: [{ index, delta: { content }, finish_reason: finish }] })}\n\n`;
const ONE_CHOICE = choice(0, 'one') + choice(0, '', 'stop');
for (const [what, rest, outcome] of [
  ['comes a second later', choice(1, 'two') + choice(1, '', 'stop') + OPENAI.terminator, 'complete'],
  ['never comes', '', 'cut'],
  ['is not offered', OPENAI.terminator, 'complete'],
] as const)
  test(`of two choices one may be done before the other begins: the second ${what}`, async () => {
    const { house, record } = await open(async ({ write }) => {
      write(streamed(OPENAI.sse, ONE_CHOICE));
      await Bun.sleep(600);
      write(chunk(rest) + LAST_CHUNK);
    });
    const answer = await fetch(`${house.url}${OPENAI.path}`, {
      method: 'POST',
      body: JSON.stringify({ ...(JSON.parse(OPENAI.ask(true)) as object), n: 2 }),
    });
    const text = await answer.text().catch(() => 'broke');
    if (outcome === 'complete') expect(text).toBe(ONE_CHOICE + rest);
    else expect(text).toBe('broke');
    expect((await record(0)).outcome).toBe(outcome);
  });

for (const tongue of [OPENAI, ANTHROPIC])
  for (const [how, join] of [
    ['in the same read', (write: (text: string) => void, end: string, more: string) => write(end + more)],
    [
      'in a read of its own',
      async (write: (text: string) => void, end: string, more: string) => {
        write(end);
        await Bun.sleep(30);
        write(more);
      },
    ],
  ] as const)
    test(`what stands behind ${tongue.terminator.split('\n')[0]} ${how} is nothing of the stream`, async () => {
      const good = [...tongue.opening, tongue.delta('Hello'), tongue.reason(), tongue.usage];
      const { house, record } = await inTongue(tongue, async ({ write }) => {
        write(streamed(tongue.sse, ...good.filter((part) => part !== '')));
        await join(
          (text) => write(chunk(text)),
          tongue.terminator,
          `${tongue.delta(' and more')}data: {"half\n\n: trailing\n\nrubbish`,
        );
        write(LAST_CHUNK);
      });
      const { body, broke } = await fetched(house.url, tongue, { stream: true });
      expect([body, broke]).toEqual([good.join('') + tongue.terminator, false]);
      expect((await record(0)).outcome).toBe('complete');
    });

test('a chunk of a request that is none is a 400 in the dialect that says so, and the next request is served', async () => {
  for (const tongue of [OPENAI, ANTHROPIC]) {
    const { house, first } = await inTongue(tongue, fine(tongue));
    const { port } = new URL(house.url);
    const socket = net.connect({ host: '127.0.0.1', port: Number(port) });
    socket.write(
      `POST ${tongue.path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"mod\r\nxyz\r\n`,
    );
    let told = '';
    for await (const part of socket as AsyncIterable<Buffer>) told += part.toString();
    expect(told).toStartWith('HTTP/1.1 400 ');
    const { error } = JSON.parse(told.slice(told.indexOf('\r\n\r\n'))) as { error: { message: string } };
    expect(error.message).toContain('hexadecimal');
    expect(first.calls).toHaveLength(0);
    expect((await fetched(house.url, tongue, { stream: false })).status).toBe(200);
    await set?.stop();
  }
});

for (const stream of [false, true])
  for (const status of [200, 400])
    test(`a head of 20 kB (${status}, ${stream ? 'stream' : 'whole'}) reaches clients that take 16, without its largest fields, and the record says so`, async () => {
      const large = { 'x-trace': 't'.repeat(14_000), 'x-policy': 'p'.repeat(5_000), 'x-small': 'stays' };
      const headers = { ...(stream && status === 200 ? OPENAI.sse : OPENAI.json), ...large };
      const { house, record } = await open(({ write }) => {
        if (status === 400)
          write(whole(400, headers, OPENAI.error('invalid_request_error', 'no such thing')));
        else if (stream) {
          const events = [...CHAT_PARTS, OPENAI.usage, OPENAI.terminator];
          write(streamed(headers, ...events) + LAST_CHUNK);
        } else write(whole(200, headers, OPENAI.answer('Hello')));
      });
      const { port } = new URL(house.url);
      const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
        const request = http.request({ port, path: OPENAI.path, method: 'POST' }, resolve);
        request.on('error', reject);
        request.end(OPENAI.ask(stream));
      });
      let body = '';
      for await (const part of answer as AsyncIterable<Buffer>) body += part.toString();
      expect(answer.statusCode).toBe(status);
      expect(body).toContain(status === 400 ? 'no such thing' : 'Hello');
      expect(answer.headers).toMatchObject({
        'x-small': 'stays',
        'x-request-id': 'req_1',
        'x-midwatch-headers-left-out': 'x-trace',
      });
      expect((await record(0)).verdicts).toContainEqual(
        expect.objectContaining({ guard: 'answer-headers', decision: 'change' }),
      );
    });

for (const [tongue, stream] of [
  [OPENAI, true],
  [OPENAI, false],
  [ANTHROPIC, true],
  [ANTHROPIC, false],
] as const)
  test(`a content type in capitals is the same type (${tongue.name}, ${stream ? 'stream' : 'whole'})`, async () => {
    const { house } = await inTongue(tongue, ({ write }) => {
      if (!stream) return write(whole(200, { 'Content-Type': 'Application/JSON' }, tongue.answer('Hello')));
      const parts = [
        ...tongue.opening,
        tongue.delta('Hello'),
        tongue.reason(),
        tongue.usage,
        tongue.terminator,
      ];
      write(streamed({ 'Content-Type': 'Text/Event-Stream;charset=UTF-8' }, ...parts) + LAST_CHUNK);
    });
    const told = await asked(house.url, tongue, { stream });
    expect([told.error, told.text]).toEqual([undefined, 'Hello']);
  });

test('an event without data, which clients read as JSON, is left out, and nothing else', async () => {
  const blank = 'data:\n\n';
  const parts = [...CHAT_PARTS, OPENAI.usage, OPENAI.terminator];
  const { house, record } = await open(({ write }) =>
    write(streamed(OPENAI.sse, blank, ...parts.flatMap((part) => [part, blank])) + LAST_CHUNK),
  );
  expect((await asked(house.url, OPENAI, { stream: true })).error).toBeUndefined();
  const { body } = await fetched(house.url, OPENAI, { stream: true });
  expect(body).toBe(parts.join(''));
  expect((await record(1)).outcome).toBe('complete');
});

test('no terminator of another dialect stands before a break: the event that could not be read came with the end', async () => {
  const torn = OPENAI.delta(' and more').replace('"object"', '"object');
  for (const before of [
    [...OPENAI.opening, OPENAI.delta('Hello'), OPENAI.reason()],
    [OPENAI.reason('tool_calls')],
  ]) {
    const { house, record } = await open(async ({ write }) => {
      write(streamed(OPENAI.sse, ...before));
      await Bun.sleep(30);
      write(chunk(torn + OPENAI.terminator) + LAST_CHUNK);
    });
    const { body, broke } = await fetched(house.url, ANTHROPIC, { stream: true });
    const { outcome } = await record(0);
    expect([body.includes('event: message_stop'), broke]).toEqual(
      outcome === 'invalid' ? [false, true] : [true, false],
    );
    await set?.stop();
  }
});

test('text of a block that is announced late is not lost, in its dialect and in another', async () => {
  const [start = '', ping = '', block = ''] = ANTHROPIC.opening;
  for (const early of [
    [start, ANTHROPIC.delta('Hel'), block, ping, ANTHROPIC.delta('lo')],
    [start, ANTHROPIC.delta('Hel'), ANTHROPIC.delta('lo')],
  ]) {
    const { house, record } = await open(
      ({ write }) =>
        write(streamed(ANTHROPIC.sse, ...early, ANTHROPIC.reason(), ANTHROPIC.terminator) + LAST_CHUNK),
      { tongue: ANTHROPIC },
    );
    expect(await asked(house.url, OPENAI, { stream: true })).toMatchObject({ text: 'Hello', finish: 'stop' });
    expect((await record(0)).outcome).toBe('complete');
    await set?.stop();
  }
  const scanner = protocols.find(({ name }) => name === 'anthropic-messages')?.scanStream();
  for (const part of [start, ANTHROPIC.delta('Hel'), block, ANTHROPIC.delta('lo'), ANTHROPIC.reason()])
    scanner?.push(Buffer.from(part));
  expect(scanner?.read(true)).toMatchObject({ outcome: 'complete', textLength: 5 });
});

const MARK = '\ufeff';
for (const tongue of TONGUES)
  test(`a byte order mark before an answer is none of it, and the caller gets it as it came: ${tongue.name}`, async () => {
    const raw = async (url: string, stream: boolean, by: Tongue = tongue) => {
      const answer = await fetch(`${url}${by.path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: by.ask(stream),
      });
      return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()).toString('utf8') };
    };
    const marked = MARK + tongue.answer('Hello');
    const events = [
      ...tongue.opening,
      tongue.delta('Hello'),
      tongue.reason(),
      tongue.usage,
      tongue.terminator,
    ];
    // Each of its bytes by itself, and with the first event.
    const [ef, bb, bf] = Buffer.from(MARK);
    const split = ({ write }: Call) => {
      write(head(200, { ...tongue.sse, 'transfer-encoding': 'chunked' }));
      for (const byte of [ef, bb, bf]) write(Buffer.from([0x31, 13, 10, byte as number, 13, 10]));
      write(events.map(chunk).join('') + LAST_CHUNK);
    };
    const { house, first, record } = await open(({ write }) => write(whole(200, tongue.json, marked)), {
      tongue,
    });
    expect(await raw(house.url, false)).toEqual({ status: 200, bytes: marked });
    expect(await record(0)).toMatchObject({ outcome: 'complete', usage: { basis: 'reported' } });
    const other = tongue === OPENAI ? ANTHROPIC : OPENAI;
    const translated = await raw(house.url, false, other);
    expect(translated.status).toBe(200);
    expect(translated.bytes).toContain('Hello');
    expect(translated.bytes).not.toContain(MARK);
    for (const [i, act] of [
      ({ write }: Call) => write(streamed(tongue.sse, MARK + events[0], ...events.slice(1)) + LAST_CHUNK),
      split,
    ].entries()) {
      first.act(act);
      expect(await raw(house.url, true)).toEqual({ status: 200, bytes: MARK + events.join('') });
      expect(await record(2 + 2 * i)).toMatchObject({ outcome: 'complete', usage: { basis: 'reported' } });
      const told = await raw(house.url, true, other);
      expect(told.bytes).toContain('Hello');
      expect(told.bytes).not.toContain(MARK);
      expect((await record(3 + 2 * i)).outcome).toBe('complete');
    }
    const refusal = MARK + tongue.error(tongue.words.invalid, 'no such field: frobnicate');
    first.act(({ write }) => write(whole(400, tongue.json, refusal)));
    expect(await raw(house.url, false)).toEqual({ status: 400, bytes: refusal });
    expect((await record(6)).failure?.hint).toBe(
      'The provider rejected the ask (400): no such field: frobnicate',
    );
  });
