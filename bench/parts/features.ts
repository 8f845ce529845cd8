import { median } from '../load/samples.ts';
import type { Context, Part, PartResult } from '../part.ts';
import { number, table } from '../report/table.ts';
import { EVERYTHING, FEATURES, type Feature } from '../rig/features.ts';
import { type Answer, walkThrough } from '../rig/walk.ts';

export const features: Part = {
  name: 'features',
  title: 'Features: what each adds to an exchange',
  async run({ quick, say }: Context): Promise<PartResult> {
    const rows: string[][] = [];
    const rounds = quick ? 3 : 7;
    const all = [...FEATURES, EVERYTHING];
    const results = new Map<string, { whole: number[]; stream: number[] }>();
    for (const kind of ['whole', 'stream'] as const) {
      const count = (quick ? 4_000 : 20_000) / (kind === 'stream' ? 4 : 1);
      const walks = all
        .filter((feature) => feature.only === undefined || feature.only === kind)
        .map((feature) => ({ feature, ...begin(feature, kind === 'stream') }));
      // In turns, so that a slow second of the machine does not become a property of one of them.
      for (let round = 0; round < rounds; round++)
        for (const { feature, walk } of walks) {
          const began = performance.now();
          for (let i = 0; i < count; i++) await walk(round * count + i);
          const ns = ((performance.now() - began) * 1e6) / count;
          const known = results.get(feature.name) ?? { whole: [], stream: [] };
          // The first round warms up.
          if (round > 0) known[kind].push(ns);
          results.set(feature.name, known);
        }
      for (const { stop } of walks) await stop();
      say(`${kind}: ${walks.length} variants, ${rounds} rounds of ${count}`);
    }
    const base = results.get('nothing switched on') ?? { whole: [], stream: [] };
    const cell = (own: readonly number[], other: readonly number[]) =>
      own.length === 0
        ? ['–', '–']
        : [number(median(own)), own === other ? '–' : number(median(own) - median(other))];
    for (const { name } of all) {
      const { whole, stream } = results.get(name) ?? { whole: [], stream: [] };
      rows.push([name, ...cell(whole, base.whole), ...cell(stream, base.stream)]);
    }
    return {
      text: [
        table(['', 'whole answer, ns', 'added', 'stream of 22 events, ns', 'added'], rows),
        '',
        'The walk through the gateway alone, in one process: key check, price, health and the facts of the record are on, sockets, disk and provider are left out. Medians over rounds in which all take turns. The route has a second tier; where a feature sends an exchange there, that is in its figure. What adds less than nothing shows how far the figures scatter.',
      ].join('\n'),
      verdicts: [],
    };
  },
};

function begin(feature: Feature, stream: boolean) {
  const provider = feature.across ? 'anthropic' : 'openai';
  const target = (model: string) => ({ provider, model });
  const config = {
    providers: { openai: { apiKey: 'x', ...feature.provider }, anthropic: { apiKey: 'x' } },
    routes: {
      chat: {
        tiers: [
          { name: 'primary', targets: [target(feature.across ? 'claude-haiku-4-5' : 'gpt-4o-mini')] },
          { name: 'spare', targets: [target(feature.across ? 'claude-haiku-4-5' : 'gpt-4o-mini')] },
        ],
        ...feature.route,
      },
    },
    ...feature.house,
  };
  const answer = feature.across
    ? stream
      ? messagesStream()
      : messagesWhole()
    : stream
      ? chatStream()
      : chatWhole();
  return walkThrough(
    JSON.stringify(config),
    { body: question(stream), ...(feature.named && { named: true }) },
    answer,
  );
}

const bytes = (text: string) => new TextEncoder().encode(text);
const WORDS =
  'Your parcel is at the depot in Lindenau since Tuesday evening and can be collected there until Saturday noon'.split(
    ' ',
  );

const question = (stream: boolean) =>
  bytes(
    JSON.stringify({
      model: 'gpt-4o-mini',
      ...(stream && { stream: true }),
      messages: [
        {
          role: 'system',
          content: 'You are the assistant of a parcel service. Answer in at most three sentences.',
        },
        {
          role: 'user',
          content: 'Where is parcel 000123, and why has it not moved since Tuesday? My street is closed.',
        },
      ],
      max_tokens: 120,
    }),
  );

function chatWhole(): Answer {
  const choice = {
    index: 0,
    message: { role: 'assistant', content: WORDS.join(' ') },
    finish_reason: 'stop',
  };
  const usage = { prompt_tokens: 96, completion_tokens: 54, total_tokens: 150 };
  const body = {
    id: 'c1',
    object: 'chat.completion',
    created: 1_790_000_000,
    model: 'gpt-4o-mini',
    choices: [choice],
    usage,
  };
  return { type: 'application/json', parts: [bytes(JSON.stringify(body))] };
}

function chatStream(): Answer {
  const event = (delta: object, finish: string | null = null) =>
    bytes(
      `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1_790_000_000, model: 'gpt-4o-mini', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`,
    );
  return {
    type: 'text/event-stream',
    parts: [
      event({ role: 'assistant', content: '' }),
      ...WORDS.map((word) => event({ content: `${word} ` })),
      event({}, 'stop'),
      bytes('data: [DONE]\n\n'),
    ],
  };
}

const MESSAGE = { id: 'm1', type: 'message', role: 'assistant', model: 'claude-haiku-4-5' };

function messagesWhole(): Answer {
  const body = {
    ...MESSAGE,
    content: [{ type: 'text', text: WORDS.join(' ') }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 96, output_tokens: 54 },
  };
  return { type: 'application/json', parts: [bytes(JSON.stringify(body))] };
}

function messagesStream(): Answer {
  const event = (type: string, data: object) =>
    bytes(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  return {
    type: 'text/event-stream',
    parts: [
      event('message_start', {
        message: {
          ...MESSAGE,
          content: [],
          stop_reason: null,
          usage: { input_tokens: 96, output_tokens: 1 },
        },
      }),
      event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
      ...WORDS.map((word) =>
        event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: `${word} ` } }),
      ),
      event('content_block_stop', { index: 0 }),
      event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 54 } }),
      event('message_stop', {}),
    ],
  };
}
