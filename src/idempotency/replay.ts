import type { Fields, Outgoing } from '#contracts';
import type { Kept } from './shelf.ts';

const PIECE = 64 * 1024;

/** Gives a kept answer again, byte for byte; a stream no faster than it is read. */
export function replay({ status, headers, streamed, body }: Kept, outgoing: Outgoing, told: Fields): void {
  const head = { ...headers, ...told };
  if (!streamed) {
    outgoing.send(status, head, body);
    return;
  }
  outgoing.begin(status, head);
  let at = 0;
  const pump = () => {
    while (at < body.length) {
      const piece = body.subarray(at, at + PIECE);
      at += piece.length;
      if (!outgoing.write(piece) && at < body.length) return;
    }
    outgoing.onDrain = undefined;
    outgoing.end();
  };
  outgoing.onDrain = pump;
  pump();
}
