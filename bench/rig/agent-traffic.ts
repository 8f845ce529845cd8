import { seeded } from '#kernel';
import type { Asked } from './recording.ts';

export interface AgentTraffic {
  readonly sessions: number;
  /** Asks in each session. */
  readonly turns: number;
  readonly seed: string;
}

type Message = Record<string, unknown>;

const VOCABULARY = 4_000;
const TOOLS = [
  'read_file',
  'write_file',
  'search',
  'run_tests',
  'list_files',
  'apply_patch',
  'git_log',
  'fetch_page',
];

/**
 * Sessions of a coding agent as applications send them: each ask carries the whole conversation so far, so thirty turns
 * send the first message thirty times. System prompt and tools are shared by all sessions; what is read, said and called
 * is not. Words follow Zipf's law, since text of equally likely words compresses worse than any real one, and text of
 * repeated phrases far better.
 */
export function* agentTraffic({ sessions, turns, seed }: AgentTraffic): Generator<Asked> {
  const random = seeded(seed);
  const write = writer(random);
  const system = { role: 'system', content: write(400) };
  const tools = TOOLS.map((name) => ({
    type: 'function',
    function: {
      name,
      description: write(30),
      parameters: {
        type: 'object',
        properties: Object.fromEntries(
          Array.from({ length: 3 }, () => [write(1).trim(), { type: 'string', description: write(12) }]),
        ),
        additionalProperties: false,
      },
    },
  }));
  for (let session = 0; session < sessions; session++) {
    const messages: Message[] = [system, { role: 'user', content: write(60) }];
    for (let turn = 1; turn <= turns; turn++) {
      const id = `call_${random().toString(36).slice(2, 14)}${session}x${turn}`;
      const last = turn === turns;
      const said: Message = last
        ? { role: 'assistant', content: write(150) }
        : {
            role: 'assistant',
            content: random() < 0.5 ? write(40) : null,
            tool_calls: [
              {
                id,
                type: 'function',
                function: {
                  name: TOOLS[Math.floor(random() * TOOLS.length)],
                  arguments: JSON.stringify({ path: write(3).trim().replaceAll(' ', '/'), query: write(8) }),
                },
              },
            ],
          };
      yield {
        ask: JSON.stringify({ model: 'gpt-4o-mini', messages, tools, temperature: 0, max_tokens: 2_048 }),
        answer: JSON.stringify(answer(session, turn, said, messages.length)),
        headers: { 'x-midwatch-thread': `session-${session}` },
      };
      messages.push(said);
      // Tool results are the bulk of agent traffic: 50 to 650 words, some 2 KB in the mean.
      if (!last)
        messages.push({ role: 'tool', tool_call_id: id, content: write(50 + Math.floor(random() * 600)) });
    }
  }
}

function answer(session: number, turn: number, message: Message, length: number) {
  return {
    id: `chatcmpl-${session}-${turn}`,
    object: 'chat.completion',
    created: 1_790_000_000 + turn,
    model: 'gpt-4o-mini-2024-07-18',
    choices: [
      {
        index: 0,
        message: { ...message, refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: 'tool_calls' in message ? 'tool_calls' : 'stop',
      },
    ],
    usage: {
      prompt_tokens: 900 + length * 250,
      completion_tokens: 120,
      total_tokens: 1_020 + length * 250,
      prompt_tokens_details: { cached_tokens: 0 },
    },
    system_fingerprint: 'fp_0123456789',
  };
}

/** Writes so many words, rank k with a chance of 1/k. */
function writer(random: () => number): (words: number) => string {
  const syllables = [
    'ka',
    'ne',
    'tor',
    'mi',
    'sul',
    'ra',
    'ven',
    'do',
    'li',
    'pha',
    'gre',
    'os',
    'ti',
    'un',
    'bel',
  ];
  const word = () => {
    let text = '';
    for (let left = 1 + Math.floor(random() * 3); left > 0; left--)
      text += syllables[Math.floor(random() * syllables.length)];
    return text;
  };
  const vocabulary = Array.from({ length: VOCABULARY }, word);
  const total = Math.log(VOCABULARY);
  return (words) => {
    let text = '';
    // The inverse of the logarithm is Zipf's law with exponent one.
    for (let i = 0; i < words; i++)
      text += `${vocabulary[Math.min(VOCABULARY - 1, Math.floor(Math.exp(random() * total)))]}${i % 13 === 12 ? '.\n' : ' '}`;
    return text;
  };
}
