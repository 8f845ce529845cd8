import type { Protocol } from '#contracts';

const LF = 0x0a;
const CR = 0x0d;

/** Whole events without those that are no events of this protocol. Only for the rare chunk that holds such a one. */
export const readableEvents = (bytes: Uint8Array, protocol: Protocol): Uint8Array | undefined =>
  withoutEvents(bytes, (event) => {
    const scanner = protocol.scanStream();
    scanner.push(event);
    return scanner.failure?.kind === 'malformed' || scanner.malformed > 0;
  });

/** Whole events without those that are to be left out; undefined when none is left. */
export function withoutEvents(
  bytes: Uint8Array,
  leftOut: (event: Uint8Array) => boolean,
): Uint8Array | undefined {
  const kept: Uint8Array[] = [];
  let dropped = false;
  for (let from = 0; from < bytes.length; ) {
    const to = endOfEvent(bytes, from);
    const event = bytes.subarray(from, to);
    if (leftOut(event)) dropped = true;
    else kept.push(event);
    from = to;
  }
  if (!dropped) return bytes;
  return kept.length === 0 ? undefined : Buffer.concat(kept);
}

/**
 * A stream at the event that says that it has failed; what follows it is not said. Without such an event all of it stands before.
 * `told` only where the caller's client takes that event for an error.
 */
export function atFailure(
  bytes: Uint8Array,
  protocol: Protocol,
): { readonly before: Uint8Array; readonly told?: Uint8Array } {
  for (let from = 0; from < bytes.length; ) {
    const to = endOfEvent(bytes, from);
    const scanner = protocol.scanStream();
    const event = bytes.subarray(from, to);
    scanner.push(event);
    if (scanner.failure && scanner.failure.kind !== 'malformed') {
      const before = bytes.subarray(0, from);
      const plain = protocol.tellsError?.(Buffer.from(event).toString('latin1')) === false;
      return plain ? { before } : { before, told: event };
    }
    from = to;
  }
  return { before: bytes };
}

const DATA = /(?:^|[\r\n])data: *\S/;
const BLANK_LINE = Buffer.from('\n\n');

/** An event that lacks nothing but its blank line, with it; half an event is not passed on. */
export function lastEvent(held: readonly Uint8Array[], protocol: Protocol): Uint8Array | undefined {
  if (held.length === 0) return undefined;
  const event = Buffer.concat([...held, BLANK_LINE]);
  // A name without data says nothing, and there are clients that read the nothing as JSON.
  if (!DATA.test(event.toString('latin1'))) return undefined;
  const scanner = protocol.scanStream();
  scanner.push(event);
  return scanner.failure?.kind === 'malformed' ? undefined : event;
}

/** Behind the blank line that ends the event; the end of the bytes when there is none. */
function endOfEvent(bytes: Uint8Array, from: number): number {
  let blank = true;
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte !== LF && byte !== CR) {
      blank = false;
      continue;
    }
    if (byte === CR && bytes[at + 1] === LF) at++;
    // A blank line before any field belongs to no event, and harms none.
    if (blank && at > from) return at + 1;
    blank = true;
  }
  return bytes.length;
}
