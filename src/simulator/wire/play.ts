import type { Clock } from '#contracts';
import type { Ending, Part, Script } from '../script.ts';

/** Where a script is performed. */
export interface Stage {
  head(script: Script): void;
  send(data: string | Uint8Array): void;
  /** Hands over what was sent since the last flush. False when no more can be taken until `Playing.resume`. */
  flush(): boolean;
  end(ending: Ending): void;
  /** Before any head: `reset` tears the connection down, `silence` leaves it open for ever. */
  refuse(opening: 'reset' | 'silence'): void;
}

export interface Played {
  /** `finished`: the ending was reached, whatever it is. `left`: the caller went away first. */
  readonly how: 'finished' | 'left';
  /** Output tokens that were sent. */
  readonly tokens: number;
}

export interface Playing {
  /** The stage can take more. */
  resume(): void;
  /** The caller went away: nothing more is generated. */
  leave(): void;
}

/** So much may be generated without a pause before the stage is asked whether it can follow. */
const BURST = 64 * 1024;

/**
 * Performs a script. Due times are absolute, so a late timer does not slow the whole stream down; time spent waiting for
 * a slow reader does. `settle` is called exactly once, possibly before this returns.
 */
export function play(script: Script, clock: Clock, stage: Stage, settle: (played: Played) => void): Playing {
  const parts = script.parts[Symbol.iterator]();
  let state: 'running' | 'blocked' | 'over' = 'running';
  let next: Part | undefined;
  let due: number | undefined;
  let cancel: (() => void) | undefined;
  let tokens = 0;

  const over = (how: Played['how']) => {
    state = 'over';
    settle({ how, tokens });
  };
  const canGoOn = (): boolean => {
    if (stage.flush()) return true;
    state = 'blocked';
    due = undefined;
    return false;
  };
  /** Goes from part to part until it has to wait, for the clock or for the reader. */
  const run = () => {
    let burst = 0;
    while (state === 'running') {
      if (next) {
        stage.send(next.data);
        tokens += next.tokens ?? 0;
        burst += next.data.length;
        next = undefined;
        if (burst > BURST) {
          burst = 0;
          if (!canGoOn()) return;
        }
      }
      const step = parts.next();
      if (step.done) {
        // A silent ending is over only when the caller leaves; until then the answer is still being given.
        if (script.ending !== 'silence') over('finished');
        return stage.end(script.ending);
      }
      next = step.value;
      if (next.after > 0) {
        if (canGoOn()) wait(next.after);
        return;
      }
    }
  };
  const wait = (ms: number) => {
    const now = clock.monotonic();
    // Catches up after a late timer, but by no more than one step, lest a stalled process end in a burst.
    due = Math.max((due ?? now) + ms, now);
    cancel = clock.after(due - now, run);
  };
  const begin = () => {
    if (script.opening === 'answer') {
      stage.head(script);
      run();
    } else {
      if (script.opening === 'reset') over('finished');
      stage.refuse(script.opening);
    }
  };

  if (script.before > 0) cancel = clock.after(script.before, begin);
  else begin();

  return {
    resume() {
      if (state !== 'blocked') return;
      state = 'running';
      if (next) wait(next.after);
      else run();
    },
    leave() {
      if (state === 'over') return;
      cancel?.();
      parts.return?.();
      over('left');
    },
  };
}
