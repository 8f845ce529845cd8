import { expect, test } from 'bun:test';
import { virtualClock } from '#kernel';
import { createCassettes } from './cassettes.ts';
import { chat, hear, memoryFiles, type Script, say, scripted, spoken, whole } from './testing.ts';
import type { CassettesOptions } from './types.ts';
import { summary } from './waste.ts';

const clock = virtualClock();
type Options = Partial<CassettesOptions> & { answer?: (n: number) => Script };

/** One process: its own counters over a folder that lasts. */
function process({ answer = (n) => spoken([`Hel`, `lo ${n}`]), ...options }: Options = {}) {
  const provider = scripted(clock, (_, n) => answer(n));
  const cassettes = createCassettes({
    inner: provider.transport,
    mode: 'record',
    files: memoryFiles(),
    clock,
    mask: (text) => text,
    ...options,
  });
  const call = (text: string) => clock.run(hear(cassettes.transport, chat(say(text)), clock));
  return { ...cassettes, call, calls: () => provider.seen.calls };
}

test('replay gives the same status, chunks and times, from the file alone', async () => {
  const files = memoryFiles();
  const first = process({ files });
  const live = await first.call('hi');
  first.flush();
  expect(files.list()).toEqual([expect.stringMatching(/^chat-completions\.gpt-5\.5\.[0-9a-f]{32}\.json$/)]);

  const second = process({ files, mode: 'replay' });
  const replayed = await second.call('hi');
  expect(replayed.chunks).toEqual(live.chunks);
  expect(replayed.times).toEqual(live.times);
  expect(live.times).toEqual([10, 20, 30, 30]);
  expect(replayed.status).toBe(200);
  expect(replayed.headers['content-type']).toBe('text/event-stream');
  expect(replayed.headers['x-midwatch-cassette']).toMatch(/^[0-9a-f]{32}#0$/);
  expect(second.calls()).toBe(0);

  const instant = await process({ files, mode: 'replay', speed: 'instant' }).call('hi');
  expect(instant.chunks).toEqual(live.chunks);
  expect(instant.times).toEqual([0, 0, 0, 0]);
});

test('a recording is in its file by itself, and the file reads like what it is', async () => {
  const files = memoryFiles();
  const { call } = process({ files, release: () => 'r1', bill: () => ({ tokens: 15, microUsd: 120 }) });
  await call('hi');
  expect(files.list()).toEqual([]);
  await clock.advance(200);
  const text = [...files.texts.values()][0]!;
  expect(text).toContain('"release": "r1"');
  expect(text).toContain('"bill": { "tokens": 15, "microUsd": 120 }');
  expect(text).toContain('        { "at": 10, "text": "data: {');
  expect(text).not.toContain('sk-test');
  expect(JSON.parse(text).request.body).toEqual(say('hi'));
});

test('identical calls are different recordings, given back in order, then by what is declared', async () => {
  const files = memoryFiles();
  const recorder = process({ files });
  const live = [await recorder.call('hi'), await recorder.call('hi'), await recorder.call('hi')];
  recorder.flush();
  expect(new Set(live.map((a) => a.text)).size).toBe(3);
  const five = async (exhausted: 'miss' | 'last' | 'loop') => {
    const { call } = process({ files, mode: 'replay', exhausted });
    const said = [];
    for (let i = 0; i < 5; i++) said.push((await call('hi')).text);
    return said.map((text) => live.findIndex((a) => a.text === text));
  };
  expect(await five('last')).toEqual([0, 1, 2, 2, 2]);
  expect(await five('loop')).toEqual([0, 1, 2, 0, 1]);
  expect(await five('miss')).toEqual([0, 1, 2, -1, -1]);

  const again = process({ files, mode: 'replay' });
  for (let i = 0; i < 3; i++) await again.call('hi');
  again.rewind();
  expect((await again.call('hi')).text).toBe(live[0]!.text);
});

test('200 callers at once: every recording is given once, in the order of the calls', async () => {
  const files = memoryFiles();
  const recorder = process({ files });
  const all = (transport: typeof recorder.transport) =>
    clock.run(
      Promise.all(
        Array.from({ length: 200 }, (_, i) => hear(transport, chat(say(i % 2 ? 'a' : 'b')), clock)),
      ),
    );
  const live = await all(recorder.transport);
  recorder.flush();
  const player = process({ files, mode: 'replay' });
  const replayed = await all(player.transport);
  expect(replayed.map((a) => a.text)).toEqual(live.map((a) => a.text));
  expect(new Set(replayed.map((a) => a.text)).size).toBe(200);
  expect(player.report()).toMatchObject({ calls: 200, replayed: 200, misses: 0 });
});

test('failures that are recorded on purpose are kept, marked, and replayed as failures; those that auto meets are not', async () => {
  const cut: Script = { ...spoken(['Hel', 'lo']), chunks: spoken(['Hel', 'lo']).chunks.slice(0, 2) };
  const scripts: readonly (readonly [string, Script])[] = [
    ['unfinished', cut],
    ['cut', { ...cut, trouble: { kind: 'cut', detail: 'ECONNRESET' } }],
    ['connect', { chunks: [], trouble: { kind: 'connect', detail: 'ECONNREFUSED' } }],
    ['failed', { status: 429, headers: { 'retry-after': '7' }, chunks: [[1, '{"error":{}}']] }],
    [
      'failed',
      {
        headers: { 'content-type': 'text/event-stream' },
        chunks: [[1, 'event: error\ndata: {"type":"error"}\n\n']],
      },
    ],
  ];
  for (const [ended, script] of scripts) {
    for (const strict of [
      process({ answer: () => script, mode: 'auto' }),
      process({ answer: () => script, keep: 'whole' }),
    ]) {
      await strict.call('hi');
      expect(strict.report()).toMatchObject({ recorded: 0, dropped: 1 });
    }

    const files = memoryFiles();
    const all = process({ files, answer: () => script });
    const live = await all.call('hi');
    all.flush();
    expect(JSON.parse([...files.texts.values()][0]!).takes[0].ended).toBe(ended);
    const replayed = await process({ files, mode: 'replay' }).call('hi');
    expect({ ...replayed, headers: 0 }).toEqual({ ...live, headers: 0 });
    // On file it is what auto gives too: somebody wanted it there.
    expect((await process({ files, mode: 'auto' }).call('hi')).text).toBe(live.text);
    expect(replayed.headers['retry-after']).toBe(live.headers['retry-after'] as string);
  }
});

test('an answer that was not kept leaves no hole: the first call of a replay gets the first kept one', async () => {
  const files = memoryFiles();
  const recorder = process({
    files,
    keep: 'whole',
    answer: (n) => (n === 0 ? { status: 503, chunks: [[1, 'busy']] } : spoken([`take ${n}`])),
  });
  await recorder.call('hi');
  await recorder.call('hi');
  recorder.flush();
  expect((await process({ files, mode: 'replay' }).call('hi')).text).toContain('take 1');
});

test('a miss is a clear error in the caller’s dialect, with the nearest key and what differs', async () => {
  const files = memoryFiles();
  const recorder = process({ files });
  await recorder.call('What is the capital of France?');
  await recorder.call('Write a poem about the sea');
  recorder.flush();

  const player = process({ files, mode: 'replay' });
  const near = { ...say('What is the capital of Spain?'), temperature: 0.2 };
  const answer = await clock.run(hear(player.transport, chat(near), clock));
  expect(answer.status).toBe(409);
  expect(answer.headers).toMatchObject({ 'x-should-retry': 'false', 'x-midwatch-cassette': 'miss' });
  const { error, cassette } = JSON.parse(answer.text);
  expect(error).toMatchObject({ type: 'invalid_request_error', code: 'cassette_miss' });
  const france = files.list().find((name) => files.read(name)!.includes('France'))!;
  expect(france).toContain(cassette.nearest);
  expect(cassette.differences).toEqual([
    {
      path: 'body.messages[0].content',
      recorded: '…t is the capital of France?',
      asked: '…t is the capital of Spain?',
    },
    { path: 'body.temperature', asked: '0.2' },
  ]);
  expect(error.message).toContain('body.temperature: recorded nothing, asked "0.2"');

  const anthropic = await clock.run(
    hear(
      player.transport,
      chat({ model: 'claude', messages: [] }, 'https://api.anthropic.com/v1/messages'),
      clock,
    ),
  );
  expect(JSON.parse(anthropic.text)).toMatchObject({
    type: 'error',
    error: { type: 'invalid_request_error' },
  });
  expect(player.calls()).toBe(0);
  expect(player.report()).toMatchObject({ calls: 2, replayed: 0, misses: 2 });
  expect(summary(player.report())).toContain('missed 1× /v1/chat/completions gpt-5.5');
});

test('auto replays what is there and records the rest, a resample included', async () => {
  const files = memoryFiles();
  const first = process({ files, mode: 'auto' });
  await first.call('hi');
  first.flush();
  const second = process({ files, mode: 'auto', answer: () => spoken(['fresh']) });
  expect((await second.call('hi')).text).toContain('lo 0');
  expect((await second.call('hi')).text).toContain('fresh');
  await second.call('new');
  second.flush();
  expect(second.report()).toMatchObject({ calls: 3, replayed: 1, recorded: 2, repeats: 0 });
  const third = process({ files, mode: 'auto' });
  for (const text of ['hi', 'hi', 'new']) await third.call(text);
  expect(third.calls()).toBe(0);
});

test('a recording is never replaced without a reviewer', async () => {
  const files = memoryFiles();
  const first = process({ files });
  await first.call('hi');
  first.flush();
  const [name] = files.list();
  const before = files.read(name!)!;

  const second = process({ files, answer: () => spoken(['better']) });
  await second.call('hi');
  second.flush();
  expect(second.report()).toMatchObject({ recorded: 0, proposed: 1, repeats: 1 });
  expect(files.read(name!)).toBe(before);
  expect((await process({ files, mode: 'replay' }).call('hi')).text).toContain('lo 0');

  const key = JSON.parse(before).key;
  const reviewer = process({ files });
  expect(reviewer.accept(key, 'the new prompt is shorter')).toEqual({ ok: true, value: true });
  expect(reviewer.accept(key, 'again')).toEqual({ ok: true, value: false });
  expect(files.list()).toEqual([name!]);
  expect(JSON.parse(files.read(name!)!).accepted[0].note).toBe('the new prompt is shorter');
  expect((await process({ files, mode: 'replay' }).call('hi')).text).toContain('better');

  const same = process({ files, answer: () => spoken(['better']) });
  await same.call('hi');
  expect(same.report().proposed).toBe(0);
});

test('an unreadable file is a miss that names it, never a reason to record over it', async () => {
  const files = memoryFiles();
  const first = process({ files });
  await first.call('hi');
  first.flush();
  const name = files.list()[0]!;
  for (const broken of [
    '{ "format": ',
    '{ "format": "midwatch-cassette/9" }',
    '{ "format": "midwatch-cassette/1", "key": 3 }',
  ]) {
    files.write(name, broken);
    for (const mode of ['replay', 'auto'] as const) {
      const player = process({ files, mode });
      const answer = await player.call('hi');
      expect(answer.status).toBe(409);
      expect(JSON.parse(answer.text).error.message).toContain(name);
      expect(player.calls()).toBe(0);
    }
    const recorder = process({ files });
    await recorder.call('hi');
    recorder.flush();
    expect(files.read(name)).toBe(broken);
  }
});

test('pause holds chunks back, resume gives what fell due at once, cancel ends it all', async () => {
  const files = memoryFiles();
  const recorder = process({ files, answer: () => spoken(['a', 'b', 'c', 'd', 'e', 'f'], 100) });
  await recorder.call('hi');
  recorder.flush();
  for (const speed of ['recorded', 'instant'] as const) {
    const { transport } = process({ files, mode: 'replay', speed });
    const heard = await clock.run(
      hear(transport, chat(say('hi')), clock, {
        onData(call, n) {
          if (n !== 2) return;
          call().pause();
          clock.after(350, () => call().resume());
        },
      }),
    );
    expect(heard.times).toEqual(
      speed === 'recorded' ? [100, 200, 550, 550, 550, 600, 700, 700] : [0, 0, 350, 350, 350, 350, 350, 350],
    );
  }
  const { transport } = process({ files, mode: 'replay' });
  let heard = 0;
  hear(transport, chat(say('hi')), clock, {
    onData(call) {
      heard++;
      call().pause();
      call().resume();
      if (heard === 2) call().cancel();
    },
  });
  await clock.advance(5_000);
  expect(heard).toBe(2);
});

test('a client that hangs up on the last event has its answer kept', async () => {
  const files = memoryFiles();
  const recorder = process({ files });
  hear(recorder.transport, chat(say('hi')), clock, {
    onData(call, n) {
      if (n === 4) call().cancel();
    },
  });
  await clock.advance(5_000);
  expect(recorder.report()).toMatchObject({ recorded: 1, dropped: 0 });
  expect((await process({ files, mode: 'replay' }).call('hi')).text).toEndWith('data: [DONE]\n\n');
});

test('a call that was given up is given up again; who does not gets a cut soon after, and recorded again it is replaced', async () => {
  const files = memoryFiles();
  const provider = scripted(clock, () => spoken(['a', 'b', 'c'], 100));
  const given = { files, clock, mask: (text: string) => text };
  const recorder = createCassettes({ ...given, inner: provider.transport, mode: 'record' });
  hear(recorder.transport, chat(say('hi')), clock, { onData: (call) => call().cancel() });
  await clock.advance(5_000);
  recorder.flush();
  expect(provider.seen.live).toBe(0);
  expect(recorder.report()).toMatchObject({ recorded: 1, dropped: 0 });

  let heard = 0;
  const player = createCassettes({ ...given, inner: provider.transport, mode: 'replay' });
  hear(player.transport, chat(say('hi')), clock, {
    onData(call) {
      heard++;
      call().cancel();
    },
  });
  await clock.advance(20_000);
  expect(heard).toBe(1);
  const patient = await process({ files, mode: 'replay' }).call('hi');
  expect(patient.chunks).toHaveLength(1);
  expect(patient.trouble).toMatchObject({ kind: 'cut', detail: expect.stringContaining('given up') });
  // Silence at any speed: told at once, a timeout would be a broken connection, which is tried again.
  const began = clock.now();
  await process({ files, mode: 'replay', speed: 'instant' }).call('hi');
  expect(clock.now() - began).toBeGreaterThan(5_000);

  const again = process({ files });
  const whole = await again.call('hi');
  again.flush();
  expect(again.report()).toMatchObject({ recorded: 1, proposed: 0 });
  expect((await process({ files, mode: 'replay' }).call('hi')).text).toBe(whole.text);

  const cautious = createCassettes({
    ...given,
    files: memoryFiles(),
    inner: provider.transport,
    mode: 'auto',
  });
  hear(cautious.transport, chat(say('hi')), clock, { onData: (call) => call().cancel() });
  await clock.advance(5_000);
  expect(cautious.report()).toMatchObject({ recorded: 0, dropped: 1 });
});

test('an answer replaces a failure on file, a failure never an answer', async () => {
  const files = memoryFiles();
  const busy: Script = { status: 503, chunks: [[1, 'busy']] };
  const text = async () => (await process({ files, mode: 'replay' }).call('hi')).text;
  const record = async (answer: Script) => {
    const recorder = process({ files, answer: () => answer });
    await recorder.call('hi');
    recorder.flush();
    return recorder.report();
  };
  expect(await record(busy)).toMatchObject({ recorded: 1 });
  expect(await text()).toBe('busy');
  expect(await record(spoken(['well']))).toMatchObject({ recorded: 1, proposed: 0 });
  expect(await text()).toContain('well');
  expect(await record(busy)).toMatchObject({ recorded: 0, proposed: 1 });
  expect(await text()).toContain('well');
});

test('a wait is replayed as a span: an instant on file is long past', async () => {
  const files = memoryFiles();
  const at = new Date(clock.now() + 40_000).toUTCString();
  const recorder = process({
    files,
    answer: () => ({ status: 429, headers: { 'retry-after': at }, chunks: [[1, '{}']] }),
  });
  await recorder.call('hi');
  recorder.flush();
  await clock.advance(3_600_000);
  const { headers } = await process({ files, mode: 'replay' }).call('hi');
  expect(Number(headers['retry-after-ms'])).toBeWithin(38_000, 40_001);
});

test('an expired recording is counted, or is a miss when declared', async () => {
  const files = memoryFiles();
  const recorder = process({ files });
  await recorder.call('hi');
  recorder.flush();
  await clock.advance(86_400_000);
  const lenient = process({ files, mode: 'replay', maxAge: 3_600_000 });
  expect((await lenient.call('hi')).status).toBe(200);
  expect(lenient.report().expired).toBe(1);
  const strict = process({ files, mode: 'replay', maxAge: 3_600_000, expired: 'miss' });
  expect(JSON.parse((await strict.call('hi')).text).cassette.reason).toBe('expired');
  // In auto the question is asked again, and the new answer waits for a reviewer.
  const auto = process({
    files,
    mode: 'auto',
    maxAge: 3_600_000,
    expired: 'miss',
    answer: () => spoken(['new']),
  });
  expect((await auto.call('hi')).text).toContain('new');
  expect(auto.report()).toMatchObject({ proposed: 1, recorded: 0 });
});

test('a folder that cannot be written is said in the report, and written when it can', async () => {
  const files = memoryFiles();
  const write = files.write;
  let full = true;
  const recorder = process({
    files: {
      ...files,
      write(name, text) {
        if (full) throw new Error('ENOSPC');
        write(name, text);
      },
    },
  });
  await recorder.call('hi');
  await clock.advance(1_000);
  expect(recorder.report().unwritten).toBe('ENOSPC');
  expect(() => recorder.flush()).toThrow('ENOSPC');
  full = false;
  recorder.flush();
  expect(recorder.report().unwritten).toBeUndefined();
  expect(files.list().length).toBe(1);
});

test('an answer larger than allowed passes whole and is not kept', async () => {
  const recorder = process({ maxBytes: 50 });
  expect((await recorder.call('hi')).text).toContain('[DONE]');
  expect(recorder.report()).toMatchObject({ recorded: 0, dropped: 1 });
});

test('live counts what a cassette could have served, with its money', async () => {
  const files = memoryFiles();
  const recorder = process({ files });
  await recorder.call('on file');
  recorder.flush();
  const live = process({
    files,
    mode: 'live',
    answer: () => whole('x'),
    bill: () => ({ tokens: 15, microUsd: 100 }),
  });
  for (const text of ['on file', 'new', 'new', 'other']) await live.call(text);
  expect(live.report()).toMatchObject({
    calls: 4,
    repeats: 2,
    recorded: 0,
    money: {
      spent: { microUsd: 400, tokens: 60 },
      wasted: { microUsd: 200, tokens: 30 },
      saved: { microUsd: 0 },
    },
  });
  expect(summary(live.report())).toContain('on repeats $0.0002 (50 %)');
  expect(process({ mode: 'live' }).report().money).toBeUndefined();
});
