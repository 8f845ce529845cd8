import type { TranslateAsk } from '#contracts';
import type { Json } from '../../shared/json.ts';
import type { Thinking } from '../neutral.ts';
import type { Notes } from '../notes.ts';

/** Tokens for an effort where only a budget can be said; the middle of the ranges in which the way back reads them. */
const BUDGETS: ReadonlyMap<string, number> = new Map([
  ['minimal', 1_024],
  ['low', 2_048],
  ['medium', 8_192],
  ['high', 16_384],
  ['xhigh', 32_768],
  ['max', 65_536],
]);
/** Anthropic takes no smaller budget. */
const LEAST = 1_024;

interface Around {
  readonly maxTokens: number;
  readonly options: TranslateAsk;
  /** A tool must be called, which excludes thinking. */
  readonly forced: boolean;
  /** Results of tools follow an answer without thoughts, which excludes thinking by budget. */
  readonly interrupted: boolean;
  readonly notes: Notes;
}

export function thinkingFor(
  thinking: Thinking | undefined,
  { maxTokens, options, forced, interrupted, notes }: Around,
): { readonly thinking?: Json; readonly effort?: string } {
  if (!thinking) return {};
  if (!thinking.on) return { thinking: { type: 'disabled' } };
  const display = thinking.show ? { display: 'summarized' } : {};
  if (options.abilities?.thinking === 'budget') {
    const wanted = thinking.budget ?? BUDGETS.get(thinking.effort ?? 'medium') ?? 0;
    // The budget must leave room for the answer.
    const budget = Math.min(wanted, maxTokens - LEAST);
    notes.lose('thinking-budget');
    if (forced) notes.lose('thinking-forced-tool');
    return forced || interrupted || budget < LEAST
      ? {}
      : { thinking: { type: 'enabled', budget_tokens: budget, ...display } };
  }
  if (thinking.effort === 'minimal') notes.lose('thinking-budget');
  const effort = thinking.effort === 'minimal' ? 'low' : thinking.effort;
  if (forced) notes.lose('thinking-forced-tool');
  return {
    ...(forced ? {} : { thinking: { type: 'adaptive', ...display } }),
    ...(effort === undefined ? {} : { effort }),
  };
}
