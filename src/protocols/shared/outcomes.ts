import type { Outcome } from '#contracts';

/**
 * Every word for an end that the two dialects document, and those that servers speaking like OpenAI were seen to use
 * (Gemini, Mistral, DeepSeek, vLLM, SGLang, OpenRouter, Bedrock). One table for all: no word means two things.
 */
const ENDS: ReadonlyMap<string, Outcome> = new Map<string, Outcome>([
  ['stop', 'complete'],
  ['end_turn', 'complete'],
  ['eos', 'complete'],
  ['eos_token', 'complete'],
  ['end', 'complete'],
  ['completed', 'complete'],
  ['complete', 'complete'],
  ['stop_sequence', 'stop'],
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['max_output_tokens', 'length'],
  ['max_messages', 'length'],
  ['model_length', 'length'],
  ['tool_calls', 'tool'],
  ['tool_call', 'tool'],
  ['tool_use', 'tool'],
  ['function_call', 'tool'],
  ['refusal', 'refusal'],
  ['content_filter', 'content_filter'],
  ['content_filtered', 'content_filter'],
  ['guardrail_intervened', 'content_filter'],
  ['safety', 'content_filter'],
  ['recitation', 'content_filter'],
  ['blocklist', 'content_filter'],
  ['prohibited_content', 'content_filter'],
  ['spii', 'content_filter'],
  ['image_safety', 'content_filter'],
  ['model_context_window_exceeded', 'context_overflow'],
  ['context_length_exceeded', 'context_overflow'],
  ['malformed_function_call', 'invalid'],
  ['malformed_tool_call', 'invalid'],
  ['unexpected_tool_call', 'invalid'],
  ['pause_turn', 'cut'],
  ['pause', 'cut'],
  ['abort', 'cut'],
  ['aborted', 'cut'],
  ['steered', 'cut'],
  ['cancelled', 'cancelled'],
  ['error', 'error'],
  ['failed', 'error'],
  ['insufficient_system_resource', 'error'],
]);

/** An unknown word is `invalid`: to call it good would count a new way of failing as a success. */
export const outcomeOf = (finish: string): Outcome => ENDS.get(finish.toLowerCase()) ?? 'invalid';

/** One outcome for several choices: the first that is not good, else `tool` if any calls a tool. */
export function together<T extends { readonly outcome: Outcome }>(choices: readonly T[]): T | undefined {
  return (
    choices.find((c) => c.outcome !== 'complete' && c.outcome !== 'tool') ??
    choices.find((c) => c.outcome === 'tool') ??
    choices[0]
  );
}
