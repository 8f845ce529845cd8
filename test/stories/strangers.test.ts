import { afterEach, expect, test } from 'bun:test';
import { well } from '../support/failure-table.ts';
import { type PuppetHouse, type PuppetHouseOptions, puppetHouse } from '../support/houses.ts';
import { type Behaviour, chunk, head, LAST_CHUNK, whole } from '../support/puppet.ts';
import { ANTHROPIC, fetched, OPENAI, type Tongue } from '../support/tongues.ts';

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
