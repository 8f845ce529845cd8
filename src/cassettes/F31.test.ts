import { expect, test } from 'bun:test';
import type { Transport, TransportRequest } from '#contracts';
import { seeded, sha256, virtualClock } from '#kernel';
import { createRedactor } from '#telemetry';
import { createCassettes } from './cassettes.ts';
import { chat, hear, memoryFiles, say, scripted, spoken, whole } from './testing.ts';
import type { CassettesOptions, Mode } from './types.ts';

const redactor = createRedactor();
const mask = (text: string) => redactor.secrets(text).text;
const bill = () => ({ tokens: 800, microUsd: 12_000 });
const SEEDS = 20;

/** A 200-test suite, a tenth of it repeated questions, and a 20-step agent whose provider draws fresh tool-call ids. */
async function suite(
  transport: Transport,
  clock: ReturnType<typeof virtualClock>,
  run: number,
): Promise<string> {
  const said: string[] = [];
  const volatile = { user: `runner-${run}`, metadata: { run, at: clock.now() } };
  const tests = Array.from({ length: 200 }, (_, i) =>
    hear(transport, chat({ ...volatile, ...say(`case ${i % 180}`), stream: i % 2 === 0 }), clock),
  );
  for (const answer of await Promise.all(tests)) said.push(answer.text);
  const messages: unknown[] = [{ role: 'user', content: 'plan my week' }];
  for (let step = 0; step < 20; step++) {
    const answer = await hear(transport, chat({ ...volatile, model: 'agent', messages }), clock);
    said.push(answer.text);
    const { message } = JSON.parse(answer.text).choices[0];
    // As an agent framework would: the ids are drawn anew when the history is rebuilt.
    const id = `call_${run}_${step}`;
    messages.push(
      { ...message, tool_calls: [{ ...message.tool_calls[0], id }] },
      { role: 'tool', tool_call_id: id, content: 'done' },
    );
  }
  return sha256(said.join('\0'));
}

function provider(clock: ReturnType<typeof virtualClock>, seed: number) {
  const random = seeded(seed);
  return scripted(clock, (request, n) => {
    const wait = 10_000 + 20_000 * random();
    const body = JSON.parse(new TextDecoder().decode(request.body));
    if (body.stream) return spoken([`answer ${n}`, ` of ${random()}`], wait / 3);
    if (body.model !== 'agent') return whole(`answer ${n} ${random()}`, wait);
    const call = {
      id: `call_${random().toString(36).slice(2)}`,
      type: 'function',
      function: { name: 'book', arguments: '{}' },
    };
    return {
      chunks: [
        [
          wait,
          JSON.stringify({
            model: 'agent',
            choices: [
              {
                index: 0,
                message: { role: 'assistant', content: null, tool_calls: [call] },
                finish_reason: 'tool_calls',
              },
            ],
          }),
        ],
      ],
    };
  });
}

test('second run: no upstream call, no money, no waiting, byte-identical over 50 runs; off: every run pays and waits', async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const clock = virtualClock({ seed, settle: 1 });
    const world = provider(clock, seed);
    const files = memoryFiles();
    const run = (mode: Mode, options: Partial<CassettesOptions> = {}) =>
      createCassettes({ inner: world.transport, mode, files, clock, mask, bill, ...options });

    const off = run('live');
    const before = clock.now();
    await clock.run(suite(off.transport, clock, 0));
    expect(world.seen.calls).toBe(220);
    expect(off.report().money?.spent.microUsd).toBe(220 * 12_000);
    expect(clock.now() - before).toBeGreaterThan(200_000);

    const recorder = run('record');
    const first = await clock.run(suite(recorder.transport, clock, 1));
    recorder.flush();
    const paid = world.seen.calls;
    // All fifty on the first seed; the others show that it does not hang on one.
    for (let n = 2; n < 2 + (seed === 1 ? 50 : 2); n++) {
      const player = run('replay', { speed: 'instant' });
      const start = clock.now();
      expect(await clock.run(suite(player.transport, clock, n))).toBe(first);
      expect(clock.now() - start).toBe(0);
      expect(player.report()).toMatchObject({
        calls: 220,
        replayed: 220,
        misses: 0,
        money: { spent: { microUsd: 0 }, saved: { microUsd: 220 * 12_000 } },
      });
    }
    expect(world.seen.calls).toBe(paid);
  }
}, 60_000);

test('every edit of prompt, tool schema or parameter misses; volatile fields alone never do', async () => {
  const clock = virtualClock({ settle: 1 });
  const files = memoryFiles();
  const world = scripted(clock, () => whole('x'));
  const base = {
    model: 'gpt-5.5',
    temperature: 0.2,
    messages: [
      { role: 'system', content: 'You are terse.' },
      { role: 'user', content: 'Where is my parcel?' },
    ],
    tools: [
      {
        type: 'function',
        function: { name: 'track', parameters: { type: 'object', properties: { id: { type: 'string' } } } },
      },
    ],
  };
  const options = { inner: world.transport, files, clock, mask };
  const recorder = createCassettes({ ...options, mode: 'record' });
  await clock.run(hear(recorder.transport, chat(base), clock));
  recorder.flush();
  const player = createCassettes({ ...options, mode: 'replay', exhausted: 'last' });
  const random = seeded(31);
  let edits = 0;
  for (let i = 0; i < 300; i++) {
    const edited = structuredClone(base) as typeof base & Record<string, unknown>;
    const edit = i % 6;
    const text = edited.messages[i % 2]!.content;
    const at = Math.floor(random() * text.length);
    if (edit < 2)
      edited.messages[i % 2]!.content =
        text.slice(0, at) + (text[at] === '~' ? '-' : '~') + text.slice(at + (i % 3 ? 0 : 1));
    else if (edit === 2) edited.temperature = 0.2 + (i + 1) / 1000;
    else if (edit === 3) edited.tools[0]!.function.parameters.properties.id.type = `integer${i}`;
    else if (edit === 4) edited.tools[0]!.function.name = `track${i}`;
    else edited.max_tokens = i;
    const answer = await clock.run(hear(player.transport, chat(edited), clock));
    if (answer.status === 409) edits++;
  }
  expect(edits).toBe(300);
  for (let i = 0; i < 300; i++) {
    const answer = await clock.run(
      hear(
        player.transport,
        chat({
          metadata: { i },
          user: `u${i}`,
          prompt_cache_key: `${i}`,
          safety_identifier: `${i}`,
          ...base,
        }),
        clock,
      ),
    );
    expect(answer.status).toBe(200);
  }
  expect(world.seen.calls).toBe(1);
});

test('200 planted secrets, none in a cassette', async () => {
  const clock = virtualClock({ settle: 1 });
  const files = memoryFiles();
  const random = seeded(31);
  const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
  const draw = (n: number) =>
    Array.from({ length: n }, () => alphabet[Math.floor(random() * alphabet.length)]).join('');
  const secrets = Array.from(
    { length: 200 },
    (_, i) => `${['sk-proj-', 'sk-ant-api03-', 'ghp_', 'mw_'][i % 4]}${draw(36)}`,
  );
  const place = (secret: string, i: number): TransportRequest => {
    const request = chat({ ...say(`case ${i}`), stream: i % 10 === 4 });
    if (i % 10 === 0)
      return {
        ...request,
        headers: { authorization: `Bearer ${secret}`, 'x-api-key': secret, cookie: `s=${secret}` },
      };
    if (i % 10 === 1) return { ...request, url: `${request.url}?key=${secret}&api-key=${secret}` };
    if (i % 10 === 2) return chat(say(`my key is ${secret}, case ${i}`));
    if (i % 10 === 3)
      return chat({
        ...say(`case ${i}`),
        mcp_servers: [{ authorization_token: secret, url: 'https://mcp.example' }],
      });
    return request;
  };
  const world = scripted(clock, (_, n) => {
    const secret = secrets[n]!;
    const pieces = (size: number) => secret.match(new RegExp(`.{1,${size}}`, 'g')) as string[];
    if (n % 10 === 4) return spoken(['here: ', ...pieces(3), ' bye']);
    if (n % 10 === 5) return whole(`your key: ${secret}`);
    if (n % 10 === 6)
      return {
        ...whole('x'),
        headers: { 'content-type': 'application/json', 'set-cookie': secret, 'x-request-id': secret },
      };
    // One body in reads of seven bytes: the secret lies across many of them.
    if (n % 10 === 7)
      return {
        chunks: ((whole(secret).chunks[0]![1] as string).match(/.{1,7}/g) as string[]).map(
          (c) => [1, c] as const,
        ),
      };
    if (n % 10 === 8) return { ...whole('x'), trouble: { kind: 'cut', detail: `near ${secret}` } };
    if (n % 10 === 9)
      return { status: 401, chunks: [[1, `{"error":{"message":"Incorrect API key provided: ${secret}"}}`]] };
    return whole('fine');
  });
  const recorder = createCassettes({
    inner: world.transport,
    mode: 'record',
    files,
    clock,
    mask,
    keep: 'all',
  });
  for (const [i, secret] of secrets.entries())
    await clock.run(hear(recorder.transport, place(secret, i), clock));
  recorder.flush();
  expect(recorder.report().recorded).toBe(200);
  const all = [...files.texts].flat().join('\n');
  // What a person would see, with the pieces of streams put together.
  const spelled = [...files.texts.values()]
    .map((t) =>
      JSON.parse(t)
        .takes.flatMap((take: { chunks: { text: string }[] }) =>
          [
            ...take.chunks
              .map((c) => c.text)
              .join('')
              .matchAll(/"content":"([^"]*)"/g),
          ].map((m) => m[1]),
        )
        .join(''),
    )
    .join('\n');
  for (const secret of secrets) {
    const middle = secret.slice(-24, -4);
    expect(all).not.toContain(middle);
    expect(spelled).not.toContain(middle);
  }
});

test('a month with 43 % waste: the meter says so, and replay cuts it by nine tenths', async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const clock = virtualClock({ seed, settle: 1 });
    const random = seeded(seed);
    // Distinct questions once, repeats drawn from those already asked: 43 % of the dollars.
    const month: string[] = [];
    let distinct = 0;
    for (let i = 0; i < 500; i++) {
      const repeat = distinct > 0 && random() < 0.43;
      month.push(`q${repeat ? Math.floor(random() * distinct) : distinct++}`);
    }
    const truth = (month.length - distinct) / month.length;
    const live = async (mode: Mode, exhausted: 'last' | 'miss') => {
      const world = scripted(clock, () => whole('x', 0));
      const cassettes = createCassettes({
        inner: world.transport,
        mode,
        files: memoryFiles(),
        clock,
        mask,
        bill,
        exhausted,
        speed: 'instant',
      });
      for (const text of month) await clock.run(hear(cassettes.transport, chat(say(text)), clock));
      return { money: cassettes.report().money!, cassettes };
    };
    const off = (await live('live', 'miss')).money;
    expect(off.wasted.microUsd / off.spent.microUsd).toBeCloseTo(truth, 10);
    expect(Math.abs(truth - 0.43)).toBeLessThan(0.09);
    const on = (await live('auto', 'last')).money;
    expect(off.spent.microUsd - on.spent.microUsd).toBeGreaterThanOrEqual(0.9 * off.wasted.microUsd);
    expect(on.saved.microUsd).toBeGreaterThanOrEqual(0.9 * off.wasted.microUsd);
  }
}, 60_000);
