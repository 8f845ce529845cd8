import { type Call, isObject, type JsonObject } from './call.ts';
import { badRequest, type Problem } from './problem.ts';

/** The caller's key, wherever its dialect puts it; empty when there is none. Never leaves the simulator. */
export function credentialOf(call: Call): string {
  const bearer = call.header('authorization');
  if (bearer !== undefined) return bearer.slice(bearer.indexOf(' ') + 1);
  return call.header('x-api-key') ?? call.header('api-key') ?? '';
}

export function bodyOf(call: Call, family: 'openai' | 'anthropic'): JsonObject | Problem {
  try {
    const parsed: unknown = JSON.parse(call.text);
    if (isObject(parsed)) return parsed;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return badRequest(
    family === 'anthropic'
      ? 'The request body is not valid JSON.'
      : "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)",
  );
}
