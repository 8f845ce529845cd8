import type { Failure, Fields } from '#contracts';
import type { Broadcast, Head } from './broadcast.ts';
import { tellerGone } from './refusals.ts';
import type { Tale } from './shared.ts';

/**
 * Gives on what another replica tells, no faster than it is taken. False when that broke off before anybody here was given a
 * byte, so that the call may be asked anew; after it the answer ends as an error of its dialect, `error`, and never well.
 */
export async function follow(
  broadcast: Broadcast,
  tale: Tale,
  told: Fields,
  error: (failure: Failure) => string,
): Promise<boolean> {
  const left = new AbortController();
  let head: Head | undefined;
  const whole: Uint8Array[] = [];
  let drained: (() => void) | undefined;
  broadcast.onLeft = () => {
    left.abort();
    drained?.();
  };
  broadcast.onDrain = () => drained?.();

  try {
    return await listen();
  } finally {
    tale.leave();
  }

  async function listen(): Promise<boolean> {
    while (broadcast.running) {
      const words = await tale.next(left.signal);
      if (left.signal.aborted) break;
      if (words === 'gone') {
        if (!head?.streamed) return false;
        broadcast.write(error(tellerGone()));
        broadcast.break();
        break;
      }
      for (const word of words) {
        if (word === 'break') broadcast.break();
        else if (word === 'end') {
          if (head && !head.streamed) broadcast.send(head.status, head.headers, Buffer.concat(whole));
          else broadcast.end();
        } else if (!(word instanceof Uint8Array)) {
          head = { ...word, headers: { ...word.headers, ...told } };
          if (head.streamed) broadcast.begin(head.status, head.headers);
        } else if (!head?.streamed) whole.push(word);
        else if (!broadcast.write(word))
          await new Promise<void>((resolve) => {
            drained = resolve;
          });
        if (!broadcast.running) break;
      }
    }
    return true;
  }
}
