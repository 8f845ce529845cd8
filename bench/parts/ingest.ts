import { median } from '../load/samples.ts';
import type { Context, Part, PartResult } from '../part.ts';
import { number, spread, table } from '../report/table.ts';
import { agentTraffic } from '../rig/agent-traffic.ts';
import { type Ingested, ingest } from '../rig/ingest.ts';
import type { Asked } from '../rig/recording.ts';

export const ingesting: Part = {
  name: 'ingest',
  title: 'Ingest: from the spool into Postgres, the scribe alone',
  async run({ quick, say }: Context): Promise<PartResult> {
    const chats: Ingested[] = [];
    const agents: Ingested[] = [];
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      chats.push(await ingest(plainChats(quick ? 30_000 : 100_000)));
      agents.push(
        await ingest(agentTraffic({ sessions: quick ? 40 : 200, turns: 30, seed: `ingest ${round}` })),
      );
      say(
        `round ${round + 1}: chats ${number(rate(chats.at(-1)))}/s, agent turns ${number(rate(agents.at(-1)))}/s`,
      );
    }
    const row = (name: string, all: readonly Ingested[]) => [
      name,
      number(all[0]?.count),
      number(median(all.map((i) => i.jsonBytes / i.count))),
      spread(all.map(rate), median),
      number(median(all.map((i) => (i.cpuSeconds * 1e6) / i.count))),
      number(median(all.map((i) => i.databaseBytes / i.count))),
    ];
    const perSecond = median(chats.map(rate));
    return {
      text: [
        table(
          ['', 'exchanges', 'JSON bytes each', 'exchanges/s', 'CPU µs each, scribe', 'database bytes each'],
          [row('single chat completions, all different', chats), row('turns of a coding agent', agents)],
        ),
        '',
        `The spool is written by the product's own gateway and recorder, then read, hashed and stored by the product's scribe on core 0 with Postgres on core 1. ${chats.length} rounds, each with a fresh database.`,
      ].join('\n'),
      verdicts: [
        {
          promise: '≥ 20,000 exchanges/s from spool to Postgres',
          measured: `${number(perSecond)}/s`,
          kept: perSecond >= 20_000,
          note: `single chat completions; agent turns ${number(median(agents.map(rate)))}/s`,
        },
      ],
    };
  },
};

const rate = (ingested: Ingested | undefined): number =>
  ingested ? ingested.count / ingested.seconds : Number.NaN;

/** As the throughput part asks them. */
function* plainChats(count: number): Generator<Asked> {
  for (let i = 0; i < count; i++) {
    const number = String(i).padStart(12, '0');
    yield {
      ask: JSON.stringify({
        model: 'gpt-4o-mini',
        messages: [
          { role: 'system', content: SYSTEM },
          {
            role: 'user',
            content: `Where is parcel ${number}, and why has it not moved since Tuesday? My street is closed.`,
          },
        ],
        temperature: 0.2,
        max_tokens: 120,
      }),
      answer: JSON.stringify({
        id: `chatcmpl-${number}`,
        object: 'chat.completion',
        created: 1_790_000_000,
        model: 'gpt-4o-mini-2024-07-18',
        choices: [
          {
            index: 0,
            message: {
              role: 'assistant',
              content: `The record ${number} shows your parcel at the depot in Lindenau since Tuesday evening. You can collect it there until Saturday, or name a neighbour who takes it.`,
            },
            logprobs: null,
            finish_reason: 'stop',
          },
        ],
        usage: { prompt_tokens: 96, completion_tokens: 54, total_tokens: 150 },
        system_fingerprint: 'fp_0123456789',
      }),
    };
  }
}

const SYSTEM =
  'You are the assistant of a parcel service. Answer in at most three sentences, name the depot when you know it, and say so when a parcel cannot be found.';
