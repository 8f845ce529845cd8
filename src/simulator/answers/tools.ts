import type { Asked, Block, Tool } from '../asked.ts';
import { isObject, type JsonObject } from '../call.ts';
import { nameWords } from './hints.ts';
import type { Making } from './index.ts';
import { isStopword, languageOf } from './language.ts';
import { fill, PHRASES } from './phrases.ts';
import { valueFor } from './schema.ts';

/** A word of the tool's name in the prompt decides; two words of its description do as well. */
const ENOUGH = 3;

/** Calls the offered tools that the prompt asks for, with arguments valid against their schemas. */
export function callTools(making: Making, prompt: string): Block[] {
  const { asked } = making;
  const { tools, toolChoice } = asked;
  if (tools.length === 0 || toolChoice === 'none' || asked.turns.at(-1)?.role === 'tool') return [];
  const chosen = choose(asked, prompt);
  const random = making.random();
  return chosen
    .flatMap((tool) => argumentsFor(tool, prompt, asked.parallel, random).map((input) => ({ tool, input })))
    .map(({ tool, input }, n) => ({
      kind: 'call',
      id: making.callId(n),
      name: tool.name,
      input,
      custom: tool.custom,
    }));
}

function choose({ tools, toolChoice, parallel }: Asked, prompt: string): readonly Tool[] {
  if (typeof toolChoice === 'object')
    return tools.filter((tool) => tool.name === toolChoice.name).slice(0, 1);
  const words = new Set(stems(prompt.slice(0, 4000)));
  const ranked = tools
    .map((tool) => ({ tool, score: score(tool, words, prompt) }))
    .sort((a, b) => b.score - a.score);
  const asked = ranked.filter(({ score }) => score >= ENOUGH).map(({ tool }) => tool);
  if (asked.length === 0) return toolChoice === 'required' ? tools.slice(0, 1) : [];
  if (!parallel) return asked.slice(0, 1);
  // Two tools that share the same words ("get_weather", "get_weather_forecast") are one wish, not two.
  const wishes: Tool[] = [];
  for (const tool of asked) {
    const own = stems(nameWords(tool.name).join(' '));
    if (!wishes.some((other) => overlap(own, stems(nameWords(other.name).join(' '))))) wishes.push(tool);
  }
  return wishes;
}

const COMMON =
  /^(?:get|set|find|fetch|look|lookup|search|create|make|do|run|list|show|current|tool|function|info|data|given|user|return|a|an|the)$/;
const overlap = (a: readonly string[], b: readonly string[]): boolean =>
  a.some((word) => !COMMON.test(word) && b.includes(word));

function score(tool: Tool, words: ReadonlySet<string>, prompt: string): number {
  if (prompt.includes(tool.name)) return 100;
  const name = stems(nameWords(tool.name).join(' ')).filter((word) => !COMMON.test(word));
  const description = stems(tool.description).filter((word) => word.length > 3 && !COMMON.test(word));
  const hits = (list: readonly string[]) => new Set(list.filter((word) => words.has(word))).size;
  return 3 * hits(name) + 1.5 * hits(description);
}

/** Lower case, without plural and -ing, without words that say nothing. */
const stems = (text: string): string[] =>
  (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])
    .filter((word) => !isStopword(word))
    .map((word) => (word.length > 4 ? word.replace(/(?:ing|es|s)$/, '') : word));

const PLACE = /city|location|place|town|country|destination|region|address/i;

/** One set of arguments for each thing that is clearly enumerated ("in Paris, Rome and Oslo"). */
function argumentsFor(tool: Tool, prompt: string, parallel: boolean, random: () => number): string[] {
  if (tool.custom) return [prompt];
  const schema: JsonObject = { type: 'object', ...tool.parameters };
  const properties = isObject(schema.properties) ? Object.keys(schema.properties) : [];
  const field = properties.find((name) => PLACE.test(name));
  const places = field && parallel ? enumerated(prompt) : [];
  if (field === undefined || places.length < 2) return [JSON.stringify(valueFor(schema, prompt, random))];
  return places.map((place) => JSON.stringify(valueFor(schema, `${field}: ${place}\n${prompt}`, random)));
}

const NAME = String.raw`\p{Lu}[\p{L}'’-]*(?: \p{Lu}[\p{L}'’-]*)*`;
const LIST = new RegExp(`(${NAME}(?:\\s*(?:,|&|and|und|et|y|e|en)\\s*(?:and |und |et |y )?${NAME})+)`, 'gu');

function enumerated(prompt: string): string[] {
  const list = (prompt.match(LIST) ?? []).sort((a, b) => b.length - a.length)[0];
  return list
    ? list.split(/\s*(?:,|&|\band\b|\bund\b|\bet\b|\by\b|\be\b|\ben\b)\s*/u).filter((name) => name !== '')
    : [];
}

/** What the tools said, told to the user; undefined when the conversation does not end with a result. */
export function tellResults(asked: Asked): string | undefined {
  if (asked.turns.at(-1)?.role !== 'tool') return undefined;
  const names = new Map(asked.turns.flatMap((turn) => turn.calls ?? []).map((call) => [call.id, call.name]));
  const from = asked.turns.findLastIndex((turn) => turn.role !== 'tool') + 1;
  const prompt = asked.turns.findLast((turn) => turn.role === 'user')?.text ?? '';
  const phrases = PHRASES[languageOf(prompt)];
  return asked.turns
    .slice(from)
    .map(({ text, result }) =>
      fill(result?.failed ? phrases.toolFailed : phrases.toolSaid, {
        n: names.get(result?.id ?? '') ?? 'tool',
        x: readable(text).replace(/[.。]$/, ''),
      }),
    )
    .join(' ');
}

/** JSON as `key: value, key: value`, so that a reader sees a sentence and not a dump. */
function readable(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value))
      return Object.entries(value)
        .slice(0, 12)
        .map(([key, v]) => `${nameWords(key).join(' ')}: ${typeof v === 'string' ? v : JSON.stringify(v)}`)
        .join(', ');
  } catch {
    return text.slice(0, 600);
  }
  return text.slice(0, 600);
}
