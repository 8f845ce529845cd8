import type { Json } from '../shared/json.ts';
import type { Ask, CacheLife, Format, Thinking, Tool } from './neutral.ts';
import type { Notes } from './notes.ts';

/** What both endpoints of OpenAI hold to when an ask is written for them. */

const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

export function checkTools(tools: readonly Tool[], notes: Notes): void {
  tools.forEach(({ name }, i) => {
    if (!TOOL_NAME.test(name))
      notes.refuse(`tools[${i}].name`, 'a name with other than 1 to 64 letters, digits, `_` and `-`');
  });
}

/** OpenAI's own marks stay; those of Anthropic would be refused by most of OpenAI's models, which cache by themselves. */
export const breakpointOf = (cache: CacheLife | undefined, ask: Ask): Json =>
  cache && ask.family === 'openai'
    ? { prompt_cache_breakpoint: { mode: 'explicit', ttl: cache === 'long' ? '12h' : '30m' } }
    : {};

export function loseCache(ask: Ask, notes: Notes): void {
  if (ask.family === 'openai') return;
  const marked = (part: { readonly cache?: CacheLife }) => part.cache !== undefined;
  if (
    ask.tools.some(marked) ||
    ask.turns.some(({ parts }) =>
      parts.some(
        (part) => ('cache' in part && marked(part)) || (part.kind === 'result' && part.parts.some(marked)),
      ),
    )
  )
    notes.lose('cache-control');
}

/** Smallest budget that counts as the effort, tokens. Ours: OpenAI publishes no such numbers. */
const MEDIUM_FROM = 4_096;
const HIGH_FROM = 16_384;

export function effortOf(thinking: Thinking | undefined, notes: Notes): string | undefined {
  if (!thinking) return undefined;
  if (!thinking.on) {
    if (thinking.effort !== undefined) return thinking.effort;
    notes.lose('thinking-off');
    return undefined;
  }
  if (thinking.effort !== undefined) return thinking.effort;
  notes.lose('thinking-budget');
  const { budget } = thinking;
  if (budget === undefined) return undefined;
  return budget < MEDIUM_FROM ? 'low' : budget < HIGH_FROM ? 'medium' : 'high';
}

/** OpenAI demands a name. */
export const namedSchema = (format: Format & { readonly kind: 'schema' }): Json => ({
  name: format.name ?? 'answer',
  ...(format.description === undefined ? {} : { description: format.description }),
  schema: format.schema,
  ...(format.strict === undefined ? {} : { strict: format.strict }),
});
