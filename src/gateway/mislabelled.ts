import type { Protocol, Reading } from '#contracts';
import type { Landing } from './attempt.ts';
import { seen } from './failures.ts';

// Types are compared without regard to case (RFC 9110 §8.3.1).
export const isJson = (type: string): boolean => /[/+]json\b/i.test(type);
export const isEvents = (type: string): boolean => /^text\/event-stream\b/i.test(type);

/** A 200 of the wrong content type: an error in disguise, or a page of some proxy on the way. */
export function mislabelled(protocol: Protocol, type: string, streaming: boolean, body: Uint8Array): Landing {
  const reading = readAsWhatItIs(protocol, body);
  if (reading.failure && isJson(type)) return { kind: 'failed', failure: reading.failure, reading };
  const wanted = streaming ? 'text/event-stream' : 'application/json';
  return {
    kind: 'failed',
    failure: seen(
      'bad_content_type',
      `The provider answered 200 with content type "${type || 'none'}" where ${wanted} was due.`,
    ),
    // Right bytes under a wrong label were made by a model and are billed; a page of some proxy was not.
    ...(reading.usage.basis === 'reported' && { reading }),
  };
}

const MARK = [0xef, 0xbb, 0xbf];

/** A stream or a body, whatever the label says: a JSON object begins with a brace, behind a byte order mark or not; no event does. */
function readAsWhatItIs(protocol: Protocol, body: Uint8Array): Reading {
  const first = body.find((byte) => byte > 0x20 && !MARK.includes(byte));
  if (first === 0x7b) return protocol.readAnswer(body);
  const scanner = protocol.scanStream();
  scanner.push(body);
  return scanner.read(true);
}
