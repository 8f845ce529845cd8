import type { EpochMs } from '#contracts';
import type { Question, Rehearsal, Seen } from './rehearsal.ts';

/** A question that came at its own time, whatever became of those before it. */
export interface Arrived {
  readonly at: EpochMs;
  readonly seen: Seen;
}

export interface Arrivals {
  /** Milliseconds between two questions. */
  readonly every: number;
  /** Milliseconds in which questions come. */
  readonly span: number;
  readonly question: (i: number) => Question;
  /** Looks at the world just before each question; the last call is after the last answer. */
  readonly look?: () => void;
  /** Ends the questions before their time. */
  readonly enough?: () => boolean;
}

/**
 * Open loop: callers who do not wait for one another. One who asks the next question only after the last answer would ask a
 * slow provider less often, and find it faster than everybody else does.
 */
export function arrive(rehearsal: Rehearsal, arrivals: Arrivals): Promise<readonly Arrived[]> {
  const { every, span, question, look = () => undefined, enough = () => false } = arrivals;
  const { clock } = rehearsal;
  const all: Promise<Arrived>[] = [];
  const ask = async (i: number): Promise<Arrived> => ({
    at: clock.now(),
    seen: await rehearsal.send(question(i)),
  });
  const asking = async () => {
    for (let i = 0; i * every < span && !enough(); i++) {
      look();
      all.push(ask(i));
      await clock.sleep(every);
    }
    const arrived = await Promise.all(all);
    look();
    return arrived;
  };
  return rehearsal.run(asking());
}
