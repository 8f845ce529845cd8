import { afterEach, expect, test } from 'bun:test';
import { well } from '../support/failure-table.ts';
import { type PuppetHouse, type PuppetHouseOptions, puppetHouse } from '../support/houses.ts';
import { type Behaviour, type Call, chunk, LAST_CHUNK, streamed } from '../support/puppet.ts';
import { ANTHROPIC, asked, fetched, OPENAI, type Tongue } from '../support/tongues.ts';

/** A stream that is open and brings nothing: what counts as something, and what is done about nothing. */
let set: PuppetHouse | undefined;
afterEach(async () => {
  await set?.stop();
  set = undefined;
});
const open = async (first: Behaviour, options: Partial<PuppetHouseOptions> = {}): Promise<PuppetHouse> => {
  set = await puppetHouse(first, { tongue: OPENAI, ...options });
  return set;
};

const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`;
const named = (data: { readonly type: string }) => `event: ${data.type}\n${event(data)}`;
const block = (type: string, member: string) => (text: string) =>
  named({ type: 'content_block_delta', ...{ index: 0, delta: { type, [member]: text } } });
const start = (content_block: object) =>
  named({ type: 'content_block_start', ...{ index: 0, content_block } });

/** Says `piece` ten times a second until the limit has passed twice over, then ends as it should. */
async function slowly({ write }: Call, piece: string, rest: readonly string[]): Promise<void> {
  for (let i = 0; i < 30; i++) {
    write(chunk(piece));
    await Bun.sleep(100);
  }
  write(rest.map(chunk).join('') + LAST_CHUNK);
}

const OPENINGS: readonly (readonly [string, Tongue, readonly string[], string, readonly string[]])[] = [
  [
    'thoughts of chat',
    OPENAI,
    OPENAI.opening,
    event({ choices: [{ index: 0, delta: { reasoning_content: 'hm ' }, finish_reason: null }] }),
    [OPENAI.reason(), OPENAI.terminator],
  ],
  [
    'arguments of a tool of chat',
    OPENAI,
    [
      ...OPENAI.opening,
      event({
        choices: [
          {
            index: 0,
            delta: { tool_calls: [{ index: 0, id: 'c1', function: { name: 'f', arguments: '[0' } }] },
          },
        ],
      }),
    ],
    event({ choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: ',1' } }] } }] }),
    [
      event({ choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: ']' } }] } }] }),
      OPENAI.reason('tool_calls'),
      OPENAI.terminator,
    ],
  ],
  [
    'thoughts of messages',
    ANTHROPIC,
    [ANTHROPIC.opening[0] ?? '', start({ type: 'thinking', thinking: '', signature: '' })],
    block('thinking_delta', 'thinking')('hm '),
    [ANTHROPIC.reason(), ANTHROPIC.terminator],
  ],
  [
    'arguments of a tool of messages',
    ANTHROPIC,
    [
      ANTHROPIC.opening[0] ?? '',
      start({ type: 'tool_use', id: 't1', name: 'f', input: {} }),
      block('input_json_delta', 'partial_json')('{"a":"'),
    ],
    block('input_json_delta', 'partial_json')('x'),
    [block('input_json_delta', 'partial_json')('"}'), ANTHROPIC.reason('tool_use'), ANTHROPIC.terminator],
  ],
];

test.each(OPENINGS)('%s are content', async (_, tongue, opening, piece, rest) => {
  const { house, record } = await open(
    async (call) => {
      call.write(streamed(tongue.sse, ...opening));
      await slowly(call, piece, rest);
    },
    { tongue, route: { timeouts: { content: 1_500 } } },
  );
  const { broke } = await fetched(house.url, tongue, { stream: true });
  expect(broke).toBe(false);
  expect((await record(0)).failure).toBeUndefined();
});

test('a buffered stream without content moves on unseen', async () => {
  const { house, record } = await open(
    ({ write, closed }) => {
      write(streamed(OPENAI.sse, ...OPENAI.opening, OPENAI.delta('Hel')));
      const timer = setInterval(() => write(chunk(OPENAI.ping)), 50);
      void closed.then(() => clearInterval(timer));
    },
    {
      second: (call) => well(call, { tongue: OPENAI, stream: true }),
      route: { buffer: 'whole', timeouts: { content: 400 } },
    },
  );
  expect(await asked(house.url, OPENAI, { stream: true })).toMatchObject({ text: 'Hello', error: undefined });
  const { attempts, outcome } = await record(0);
  expect(outcome).toBe('complete');
  expect(attempts.map((a) => a.failure?.kind)).toEqual(['timeout_content', undefined]);
});

test('the caller is told which limit it was', async () => {
  const { house } = await open(
    ({ write, closed }) => {
      write(streamed(OPENAI.sse, ...OPENAI.opening, OPENAI.delta('Hel')));
      const timer = setInterval(() => write(chunk(OPENAI.ping)), 50);
      void closed.then(() => clearInterval(timer));
    },
    { route: { timeouts: { content: 400 } } },
  );
  const { body, broke } = await fetched(house.url, OPENAI, { stream: true });
  expect(broke).toBe(true);
  expect(body).toContain('timeouts.content');
  expect(body).toContain('"code":"timeout_content"');
});
