import type { Failure, Fields } from '#contracts';
import { seen } from './failures.ts';

/**
 * A call that a replay refused for want of a recording; undefined for any other refusal. Whoever reads it as a provider's 409
 * asks the next tier, and a suite passes on the cassette of a fallback, or three of them close a target that was never asked.
 * So it is the caller's, and final.
 */
export function unrecorded(status: number, headers: Fields, body: Uint8Array): Failure | undefined {
  if (headers['x-midwatch-cassette'] !== 'miss') return undefined;
  return { ...seen('provider_rejected', messageOf(body)), origin: 'client', status };
}

/** Both dialects say it in the same place; a header alone is anybody's. */
function messageOf(body: Uint8Array): string {
  const text = new TextDecoder().decode(body);
  try {
    const { message } = (JSON.parse(text) as { error: { message: unknown } }).error;
    return String(message);
  } catch {
    return 'No cassette holds an answer to this call.';
  }
}
