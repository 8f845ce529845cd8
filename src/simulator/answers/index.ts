import type { Asked, Block, Reply, Turn } from '../asked.ts';
import type { Random } from '../draw.ts';
import { pieces } from '../tokens.ts';
import { arithmetic } from './arithmetic.ts';
import { acknowledge } from './attachments.ts';
import { prose, subjectOf } from './prose.ts';
import { refusal } from './refusal.ts';
import { valueFor } from './schema.ts';
import { callTools, tellResults } from './tools.ts';

export interface Making {
  readonly asked: Asked;
  /** Seeded by the simulator's seed, the question and the index of the choice; made only when chance is needed. */
  random(): Random;
  /** Free answers aim at this many tokens. */
  tokens(): number;
  /** An id for the nth tool call. */
  callId(n: number): string;
}

const ECHO = /^\s*echo\s*[:：]\s?([\s\S]*)$/i;

export const lastUser = (asked: Asked): string => userTurn(asked)?.text ?? '';
const userTurn = (asked: Asked): Turn | undefined => asked.turns.findLast((turn) => turn.role === 'user');

/** The first of these that has something to say: refusal, tools, JSON, echo, sum, sentences. */
export function answer(making: Making): Reply {
  const { asked } = making;
  const prompt = lastUser(asked);
  const declined = refusal(prompt);
  if (declined !== undefined) return { blocks: [{ kind: 'refusal', text: declined }], finish: 'refusal' };
  const thought: Block[] = asked.reasoning.on ? [{ kind: 'reasoning', text: reflection(asked, prompt) }] : [];
  const calls = callTools(making, prompt);
  if (calls.length > 0) return { blocks: [...thought, ...calls], finish: 'tool' };
  return { blocks: [...thought, { kind: 'text', text: textFor(making, prompt) }], finish: 'complete' };
}

function textFor(making: Making, prompt: string): string {
  const { asked } = making;
  const results = tellResults(asked);
  if (asked.schema) {
    const source = [
      prompt,
      ...asked.turns.filter((turn) => turn.role === 'tool').map((turn) => turn.text),
    ].join('\n');
    return JSON.stringify(valueFor(asked.schema, source, making.random()));
  }
  const echo = ECHO.exec(prompt);
  const plain = results ?? (echo ? (echo[1] as string) : arithmetic(prompt)) ?? undefined;
  if (asked.json)
    return JSON.stringify({
      subject: subjectOf(prompt),
      answer: plain ?? prose(prompt, making.tokens(), making.random()),
    });
  if (plain !== undefined) return plain;
  const turn = userTurn(asked);
  const seen = turn ? acknowledge(turn) : [];
  return [...seen, prose(prompt, making.tokens(), making.random())].join(' ');
}

/** Bounded by the caller's budget, and never so long that an answer of ordinary size finds no room behind it. */
function reflection({ reasoning, maxTokens }: Asked, prompt: string): string {
  const subject = subjectOf(prompt);
  const text = `The question is about ${subject}. Let me see what is given and what is wanted. The wording gives the scope: ${prompt.slice(0, 160).replace(/\s+/g, ' ')}. A short and direct answer serves best, and nothing beyond what was asked should be claimed. I will check the result once before I write it down.`;
  const room = Math.min(
    reasoning.budget ?? Number.POSITIVE_INFINITY,
    (maxTokens ?? Number.POSITIVE_INFINITY) / 2,
  );
  const words = pieces(text);
  return words.length <= room ? text : words.slice(0, Math.max(1, Math.floor(room))).join('');
}
