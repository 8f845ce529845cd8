import type { FallbackView } from '#contracts';
import type { Question, Rehearsal, Seen } from './rehearsal.ts';

/** Share of the traffic that exercises each edge. */
export const SHARE = 0.01;
export const EDGES = ['a', 'b', 'c'] as const;
export type EdgeName = (typeof EDGES)[number];

/** How the contract of one edge is changed for the worse. */
export const MUTATIONS = ['renamed', 'moved', 'gone'] as const;
export type Mutation = (typeof MUTATIONS)[number];

export interface Fault {
  readonly fault: string;
  readonly with?: object;
}
/** How the first tier is then lost: refused, broken, silent, dripping, cut, unreadable. */
export const OUTAGES: readonly Fault[] = [
  { fault: 'status', with: { code: 429 } },
  { fault: 'status', with: { code: 500 } },
  { fault: 'silence' },
  { fault: 'slow-drip', with: { gap: 20, bytes: 4_000 } },
  { fault: 'cut' },
  { fault: 'error-in-200' },
];

const LAW = {
  firstToken: { median: 300, sigma: 0.3 },
  gap: { median: 5, sigma: 0.3 },
  tokens: { median: 20 },
};

/** `outage` in milliseconds since the beginning. */
export const worldOf = (outage?: Fault & { readonly from: number; readonly to: number }): string =>
  JSON.stringify({
    models: Object.fromEntries(
      ['main', ...EDGES.flatMap((e) => [e, `${e}-2`, `${e}-renamed`])].map((name) => [name, LAW]),
    ),
    timeline: [
      { fault: 'status', with: { code: 404 }, on: { model: '*-gone' } },
      { fault: 'renamed-field', on: { model: '*-renamed' } },
      ...(outage ? [{ ...outage, on: { model: 'main' } }] : []),
    ],
  });

export interface Change {
  readonly edge: EdgeName;
  readonly how: Mutation | 'mended';
}

/** Three fallbacks behind the first tier, each at a provider of its own; one of them as the change leaves it. */
export function configOf(share: number, change?: Change): string {
  const provider = (name: string) => ({
    kind: 'simulator',
    free: true,
    apiKey: change?.how === 'moved' && name === change.edge ? 'sk-bad-moved' : `sk-${name}`,
  });
  const model = (edge: EdgeName): string => {
    if (edge !== change?.edge || change.how === 'moved') return edge;
    return change.how === 'mended' ? `${edge}-2` : `${edge}-${change.how}`;
  };
  return JSON.stringify({
    providers: Object.fromEntries(['main', ...EDGES].map((name) => [name, provider(name)])),
    routes: {
      chat: {
        buffer: 'whole',
        exercise: { share },
        timeouts: { headers: '5s', firstToken: '5s', idle: '5s', whole: '20s', total: '60s' },
        tiers: [
          { name: 'primary', targets: [{ provider: 'main', model: 'main' }] },
          ...EDGES.map((edge) => ({
            name: edge,
            minProof: 'EXERCISED',
            targets: [{ provider: edge, model: model(edge) }],
          })),
        ],
      },
    },
  });
}

const TOOL = {
  type: 'function',
  function: {
    name: 'book_table',
    description: 'Books a table.',
    parameters: {
      type: 'object',
      properties: { place: { type: 'string' }, seats: { type: 'integer' } },
      required: ['place', 'seats'],
      additionalProperties: false,
    },
  },
};

/** What an application asks: a tool call each time, every second one as a stream. */
export const question = (i: number): Question => ({
  path: '/v1/chat/completions',
  body: {
    model: 'chat',
    ...(i % 2 === 1 && { stream: true, stream_options: { include_usage: true } }),
    tools: [TOOL],
    tool_choice: { type: 'function', function: { name: 'book_table' } },
    messages: [{ role: 'user', content: `Call book_table for ${2 + (i % 6)} people in Lisbon.` }],
  },
});

/** Did the application get arguments that it can read? Pieces of a stream are put together first. */
export function served({ status, body, broken }: Seen): boolean {
  if (status !== 200 || broken || body.includes('"error"')) return false;
  const pieces = [...body.matchAll(/"arguments":"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text);
  try {
    const args: unknown = JSON.parse(JSON.parse(`"${pieces.join('')}"`) as string);
    return typeof args === 'object' && args !== null && 'place' in args && 'seats' in args;
  } catch {
    // Half of a call is none.
    return false;
  }
}

export const edgeOf = (
  { proofs }: Rehearsal,
  tier: EdgeName,
): FallbackView['exercised'] & { state: FallbackView['state'] } => {
  const edge = proofs.read().find((one) => one.tier === tier);
  if (!edge) throw new Error(`no edge ${tier}`);
  return { ...edge.exercised, state: edge.state };
};
