import type { EpochMs, MicroUsd } from '#contracts';
import { jaccard } from '../stats/text/minhash.ts';

/** One exchange as the boundary policy sees it. */
export interface TaskExchange {
  readonly at: EpochMs;
  readonly session: string;
  /** The user's words. */
  readonly text: string;
  /** Everything it cost: all attempts and fallbacks, the router's own call too. */
  readonly microUsd: MicroUsd;
  /** The user came away with what they wanted, as far as is known when the task is closed. */
  readonly resolved: boolean;
  /** Arm of the task's first exchange counts; a repeat belongs to the decision that caused it. */
  readonly arm: string;
}

export interface Task {
  readonly session: string;
  readonly arm: string;
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly exchanges: number;
  readonly microUsd: MicroUsd;
  readonly resolved: boolean;
  /** The words asked last, to recognise the next rephrasing. */
  readonly text: string;
}

export interface BoundaryPolicy {
  readonly name: string;
  readonly version: number;
  /** Least Jaccard similarity of 3-grams of words. */
  readonly similarity: number;
  /** Longest silence within a task, milliseconds. */
  readonly gap: number;
}

/** A repeat within ten minutes that shares half of its 3-grams is the same task. Named and versioned: another cut gives another cost per task. */
export const TASK_1: BoundaryPolicy = Object.freeze({
  name: 'task',
  version: 1,
  similarity: 0.5,
  gap: 600_000,
});

/** Open tasks by session; plain JSON. */
export type OpenTasks = Readonly<Record<string, Task>>;

/**
 * Adds an exchange, in order of time within its session. `closed` is the session's task before, when this exchange begins
 * another. A resolved task that is asked again was not resolved after all: the last word counts.
 */
export function linkTask(
  open: OpenTasks,
  next: TaskExchange,
  policy: BoundaryPolicy = TASK_1,
): { readonly open: OpenTasks; readonly closed?: Task } {
  const { session, at, text, microUsd, resolved, arm } = next;
  const task = open[session];
  const same =
    task !== undefined && at - task.to <= policy.gap && similar(task.text, text) >= policy.similarity;
  const now: Task = same
    ? { ...task, to: at, exchanges: task.exchanges + 1, microUsd: task.microUsd + microUsd, resolved, text }
    : { session, arm, from: at, to: at, exchanges: 1, microUsd, resolved, text };
  return { open: { ...open, [session]: now }, ...(task && !same ? { closed: task } : {}) };
}

/** Closes what has been silent for longer than the policy's gap. */
export function closeTasks(
  open: OpenTasks,
  now: EpochMs,
  policy: BoundaryPolicy = TASK_1,
): { readonly open: OpenTasks; readonly closed: readonly Task[] } {
  const done = Object.values(open).filter((task) => now - task.to > policy.gap);
  if (done.length === 0) return { open, closed: [] };
  const gone = new Set(done.map((task) => task.session));
  return {
    open: Object.fromEntries(Object.entries(open).filter(([session]) => !gone.has(session))),
    closed: done,
  };
}

/** Texts of one or two words have no 3-gram that survives an edit; they are compared word by word. */
function similar(a: string, b: string): number {
  const short = Math.min(a.trim().split(/\s+/).length, b.trim().split(/\s+/).length) < 3;
  return jaccard(a, b, short ? 1 : 3);
}
