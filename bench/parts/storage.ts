import type { Context, Part, PartResult } from '../part.ts';
import { number, table } from '../report/table.ts';
import { agentTraffic } from '../rig/agent-traffic.ts';
import { ingest } from '../rig/ingest.ts';

const TURNS = 30;
const MB = 1e6;

export const storage: Part = {
  name: 'storage',
  title: `Storage: agent traffic of ${TURNS} turns`,
  async run({ quick, say }: Context): Promise<PartResult> {
    const sessions = quick ? 60 : 400;
    const { count, jsonBytes, databaseBytes } = await ingest(
      agentTraffic({ sessions, turns: TURNS, seed: 'storage' }),
    );
    const ratio = jsonBytes / databaseBytes;
    say(`${number(jsonBytes / MB)} MB of JSON in ${number(databaseBytes / MB)} MB`);
    return {
      text: [
        table(
          ['sessions', 'exchanges', 'JSON sent and received MB', 'database MB', 'ratio'],
          [
            [
              String(sessions),
              number(count),
              number(jsonBytes / MB),
              number(databaseBytes / MB),
              number(ratio),
            ],
          ],
        ),
        '',
        'JSON: every ask and every answer as it went over the wire, each ask with the conversation so far. Database: what its files grew by from the empty schema, indexes, facts, attempts and rollups included; the write-ahead log, which is bounded and reused, is not. Words of the messages follow Zipf’s law; system prompt and tools are the same in all sessions, everything else is new.',
      ].join('\n'),
      verdicts: [
        {
          promise: `≥ 10 × smaller than the JSON of ${TURNS}-turn agent traffic`,
          measured: `${number(ratio)} ×`,
          kept: ratio >= 10,
        },
      ],
    };
  },
};
