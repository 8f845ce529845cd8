import type { AnswerTaker, Clock, TransportCall } from '#contracts';
import type { Chunk, Take } from './types.ts';

/** Header of every answer that came from a cassette or should have: `<key>#<take>`, or `miss`. */
export const MARK = 'x-midwatch-cassette';

const encoder = new TextEncoder();
/** Fresh bytes each time: the taker may keep and change them. */
const bytesOf = (chunk: Chunk): Uint8Array =>
  'text' in chunk ? encoder.encode(chunk.text) : new Uint8Array(Buffer.from(chunk.base64, 'base64'));

/** Milliseconds after which a replayed call that was given up when it was recorded breaks off. */
const LEFT_AFTER = 5_000;
const LEFT = { kind: 'cut', detail: 'given up when it was recorded; what came after is not known' } as const;

interface Step {
  readonly at: number;
  /** Its time is what it says. */
  readonly slow?: true;
  tell(): void;
}

/**
 * Tells a taker a recorded answer. Paused, nothing is told; what fell due meanwhile comes at once on resume, as it would
 * from a socket's buffer. Never tells anything before it returns: a taker that pauses needs the call in its hands.
 */
export function play(
  take: Take,
  mark: string,
  taker: AnswerTaker,
  { clock, speed }: { readonly clock: Clock; readonly speed: 'recorded' | 'instant' },
): TransportCall {
  const steps: Step[] = [];
  const { status, headers, headAt = 0, chunks, trouble, ended, endAt } = take;
  if (ended !== 'connect') steps.push({ at: 0, tell: () => taker.connected() });
  if (status !== undefined)
    steps.push({ at: headAt, tell: () => taker.head(status, { ...headers, [MARK]: mark }) });
  for (const chunk of chunks) steps.push({ at: chunk.at, tell: () => taker.data(bytesOf(chunk)) });
  // Who gave it up then gives it up now, at the same moment; who does not is not left waiting.
  if (ended === 'left') steps.push({ at: endAt + LEFT_AFTER, slow: true, tell: () => taker.fail(LEFT) });
  else if (ended === 'connect' || ended === 'reset' || ended === 'cut' || ended === 'malformed')
    steps.push({
      at: endAt,
      tell: () => taker.fail({ kind: ended, detail: trouble ?? `recorded ${ended}` }),
    });
  else steps.push({ at: endAt, tell: () => taker.end() });
  return perform(steps, clock, speed);
}

/** Tells steps in order, each not before its time. */
export function perform(steps: readonly Step[], clock: Clock, speed: 'recorded' | 'instant'): TransportCall {
  const began = clock.monotonic();
  let next = 0;
  let state: 'playing' | 'paused' | 'over' = 'playing';
  let telling = false;
  let stop: (() => void) | undefined;
  const go = () => {
    stop = undefined;
    telling = true;
    while (state === 'playing') {
      const step = steps[next];
      if (!step) {
        state = 'over';
        break;
      }
      const wait = speed === 'instant' && !step.slow ? 0 : began + step.at - clock.monotonic();
      if (wait > 0) {
        stop = clock.after(wait, go);
        break;
      }
      next++;
      step.tell();
    }
    telling = false;
  };
  const hold = (to: 'paused' | 'over') => {
    state = to;
    stop?.();
    stop = undefined;
  };
  stop = clock.after(0, go);
  return {
    cancel: () => hold('over'),
    pause() {
      if (state === 'playing') hold('paused');
    },
    resume() {
      if (state !== 'paused') return;
      state = 'playing';
      // Resumed by a taker that is just being told something: the loop above goes on by itself.
      if (!telling) stop = clock.after(0, go);
    },
  };
}
