import { expect, test } from 'bun:test';
import { protocols } from '../index.ts';
import { judgeUnread, mostTokens } from './fit.ts';

/** Text, its tokens by the least dense of o200k, cl100k, Llama 3 and Claude's, and by o200k. */
const TEXTS: Readonly<Record<string, readonly [string, number, number]>> = {
  English: [
    'The gateway keeps a connection open for as long as the provider answers, and nothing is lost when it falls silent in the middle of a sentence.',
    29,
    29,
  ],
  code: [
    "export const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);\n\nif (sum([1, 2]) !== 3) throw new Error('no');",
    47,
    46,
  ],
  JSON: [
    '{"city":"Bern","temp_c":21.5,"wind":{"kmh":12,"from":"NW"},"tags":["dry","mild"],"id":"a3f9-77"}',
    41,
    41,
  ],
  German: [
    'Die Brücke über den Fluss wurde im vergangenen Jahrhundert gebaut, und seither überqueren sie täglich Tausende von Menschen.',
    37,
    26,
  ],
  Czech: ['Příliš žluťoučký kůň úpěl ďábelské ódy, zatímco řeka tiše plynula kolem starého mlýna.', 54, 39],
  Turkish: ['Köprünün üzerinden her gün binlerce insan geçiyor ve şehir yavaş yavaş değişiyor.', 37, 22],
  Polish: ['Zażółć gęślą jaźń, a potem wróć do domu, zanim zapadnie zmrok nad rzeką.', 38, 31],
  Russian: ['Каждый день тысячи людей переходят через старый мост, построенный в прошлом веке.', 43, 19],
  Greek: ['Κάθε μέρα χιλιάδες άνθρωποι περνούν από την παλιά γέφυρα του ποταμού.', 78, 27],
  Arabic: ['يعبر آلاف الناس الجسر القديم كل يوم فوق النهر.', 38, 13],
  Hindi: ['हर दिन हज़ारों लोग नदी पर बने पुराने पुल को पार करते हैं।', 60, 17],
  Thai: ['ทุกวันมีคนนับพันข้ามสะพานเก่าเหนือแม่น้ำ', 73, 18],
  Japanese: ['毎日何千人もの人々が川に架かる古い橋を渡っています。', 32, 21],
  Korean: ['매일 수천 명의 사람들이 강 위의 오래된 다리를 건넙니다.', 32, 19],
  Chinese: ['每天有成千上万的人走过河上的老桥,城市在慢慢地改变。', 34, 21],
  emoji: ['🎉 Done ✅ → next: 🚀🚀 (50 % 😀)', 22, 16],
  numbers: ['3.14159265358979, 2.71828182845904, 1.41421356237309, 1.61803398874989', 34, 34],
  hashes: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', 44, 43],
};

test('a text is never made of more tokens than its bound, and of English prose not of much fewer', () => {
  for (const [what, [text, tokens]] of Object.entries(TEXTS))
    expect([what, tokens <= mostTokens(text)]).toEqual([what, true]);
  const [english, , least] = TEXTS.English as readonly [string, number, number];
  expect(mostTokens(english)).toBeLessThan(2 * least);
});

test('an event that cannot be read is judged by what is left of it', () => {
  const known = '{"id":"chatcmpl-8fk2","object":"chat.completion.chunk","created":17,"cho';
  for (const [name, data, is] of [
    ['', '{"id":"chatcmpl-8fk2","object":"chat.comp', 'piece'],
    ['', '{"id":"chatcm', 'piece'],
    ['', ',"delta":{"content":"Hel', 'piece'],
    ['', '{"choices":[{"delta":{"role":"assistant","content":"Hel', 'piece'],
    ['', '{"choices":[{"delta":{"role":"assistant","content":"', 'event'],
    ['', '{"id":"other","choices":[{"index":0,"delta":{"cont', 'event'],
    ['content_block_delta', '{"ty', 'piece'],
    ['ping', '{"type":"pi', 'event'],
    ['response.output_text.delta', '', 'piece'],
    ['', 'ping', 'noise'],
    ['', '<html>502</html>', 'noise'],
  ] as const)
    expect([data, judgeUnread(name, data, known)]).toEqual([data, is]);
});

const json = JSON.stringify;
const chat = (delta: object, finish: string | null = null) =>
  `data: ${json({ id: 'chatcmpl-8fk2', object: 'chat.completion.chunk', created: 17, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const event = (type: string, more: object) => `event: ${type}\ndata: ${json({ type, ...more })}\n\n`;
const WORDS = Array.from({ length: 24 }, (_, n) => ` word${n}`);

/** An answer of 24 pieces in a dialect, with the count of its tokens: event by event, the pieces from `first` on. */
const STREAMS: Readonly<Record<string, (tokens: number) => { events: string[]; first: number }>> = {
  'openai-chat': (tokens) => ({
    first: 1,
    events: [
      chat({ role: 'assistant', content: '' }),
      ...WORDS.map((content) => chat({ content })),
      chat({}, 'stop'),
      `data: ${json({ id: 'chatcmpl-8fk2', choices: [], usage: { prompt_tokens: 9, completion_tokens: tokens, total_tokens: 9 + tokens } })}\n\n`,
      'data: [DONE]\n\n',
    ],
  }),
  'anthropic-messages': (tokens) => ({
    first: 2,
    events: [
      event('message_start', {
        message: { id: 'm', role: 'assistant', content: [], usage: { input_tokens: 9 } },
      }),
      event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
      ...WORDS.map((text) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })),
      event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: tokens } }),
      event('message_stop', {}),
    ],
  }),
  'openai-responses': (tokens) => ({
    first: 1,
    events: [
      event('response.output_item.added', { output_index: 0, item: { type: 'message', content: [] } }),
      ...WORDS.map((delta) =>
        event('response.output_text.delta', { output_index: 0, content_index: 0, delta }),
      ),
      event('response.completed', {
        response: {
          status: 'completed',
          output: [{ type: 'message', content: [{ type: 'output_text', text: WORDS.join('') }] }],
          usage: { input_tokens: 9, output_tokens: tokens, total_tokens: 9 + tokens },
        },
      }),
    ],
  }),
};

for (const [name, make] of Object.entries(STREAMS)) {
  const outcome = (events: readonly string[]) => {
    const scanner = protocols.find((p) => p.name === name)?.scanStream();
    for (const one of events) scanner?.push(Buffer.from(one));
    return scanner?.read(true).outcome;
  };
  // Two tokens an event: the count says nothing of one that is lost.
  test(`${name}: an answer of which one piece was cut, wherever in its event, is not complete`, () => {
    const { events, first } = make(48);
    expect(outcome(events)).toBe('complete');
    const at = first + 12;
    const whole = events[at] as string;
    const data = whole.indexOf('data: ') + 6;
    // Of the name of a field alone nobody can say whether it was one or a sign of life.
    for (let end = 1; end < data - 6; end++)
      if (!/^(?:event|data):? ?$/.test(whole.slice(0, end)))
        expect([end, outcome(events.with(at, `${whole.slice(0, end)}\n\n`))]).toEqual([end, 'invalid']);
    for (let end = data + 1; end < whole.length - 2; end++) {
      expect([end, outcome(events.with(at, `${whole.slice(0, end)}\n\n`))]).toEqual([end, 'invalid']);
      // The line with its name may be lost as well.
      expect([end, outcome(events.with(at, `data: ${whole.slice(data, end)}\n\n`))]).toEqual([
        end,
        'invalid',
      ]);
    }
  });

  test(`${name}: rubbish between the pieces takes nothing away, rubbish in place of one is found out by the count`, () => {
    for (const rubbish of ['data: ping\n\n', 'data: <html>\n\n', 'data: {"log":"upstream bus\n\n'])
      for (const tokens of [24, 48]) {
        const { events, first } = make(tokens);
        expect([rubbish, tokens, outcome(events.toSpliced(first + 7, 0, rubbish))]).toEqual([
          rubbish,
          tokens,
          'complete',
        ]);
      }
    const { events, first } = make(24);
    expect(outcome(events.with(first + 7, 'data: {"broken\n\n'))).toBe('invalid');
  });
}
