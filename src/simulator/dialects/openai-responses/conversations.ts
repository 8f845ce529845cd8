import type { Reply } from '../../asked.ts';
import type { Json, JsonObject } from '../../call.ts';
import { badRequest, type Problem } from '../../problem.ts';

/** So many responses are remembered; the real provider keeps them for thirty days. */
const KEPT = 1000;

/** What `previous_response_id` leads to: the input items of a stored response and what was answered. */
export function conversations() {
  const stored = new Map<string, readonly Json[]>();
  return {
    /** The body with the earlier items before its own. */
    resume(body: JsonObject): JsonObject | Problem {
      const id = body.previous_response_id;
      if (typeof id !== 'string') return body;
      const earlier = stored.get(id);
      return earlier
        ? { ...body, input: [...earlier, ...itemsOf(body.input)] }
        : badRequest(
            `Previous response with id '${id}' not found.`,
            'previous_response_id',
            'previous_response_not_found',
          );
    },
    keep(id: string, body: JsonObject, reply: Reply): void {
      if (body.store === false) return;
      stored.set(id, [...itemsOf(body.input), ...answerItems(reply)]);
      if (stored.size > KEPT) for (const oldest of stored.keys()) return void stored.delete(oldest);
    },
  };
}

const itemsOf = (input: Json | undefined): readonly Json[] =>
  Array.isArray(input) ? input : typeof input === 'string' ? [{ role: 'user', content: input }] : [];

const answerItems = (reply: Reply): Json[] =>
  reply.blocks.flatMap((block): Json[] => {
    switch (block.kind) {
      case 'reasoning':
        return [];
      case 'call':
        return block.custom
          ? [{ type: 'custom_tool_call', call_id: block.id, name: block.name, input: block.input }]
          : [{ type: 'function_call', call_id: block.id, name: block.name, arguments: block.input }];
      default:
        return [{ role: 'assistant', content: block.text }];
    }
  });
