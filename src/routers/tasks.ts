import type { EpochMs, MicroUsd } from '#contracts';
import { LinkedMap } from '#kernel';
import { goesOn, TASK_1, type Wording } from '#kernel/router';

export type Arm = 'router' | 'frontier';

/** One task while it may still be repeated. Changed in place: it is met twice an exchange. */
export interface Task {
  readonly session: string | undefined;
  /** Of its first exchange: a repeat belongs to the decision that caused it. */
  readonly arm: Arm;
  to: EpochMs;
  wording: Wording;
  /** Exchanges under way. */
  pending: number;
  exchanges: number;
  microUsd: MicroUsd;
  /** Of its first exchange: what the router's own telemetry sees. */
  firstMicroUsd: MicroUsd;
  /** The last word counts: a good answer that is asked again was not good. */
  resolved: boolean;
  /** Nothing more can join it; it is closed with its last exchange. */
  left: boolean;
}

/** Sessions that are remembered at once; the one that has been silent longest is closed early, and a repeat of its is missed. */
const MOST = 10_000;

/** The last task of every session, in the order in which they spoke last. */
export class OpenTasks {
  private readonly bySession = new LinkedMap<string, Task>();
  private readonly close: (task: Task) => void;
  private readonly most: number;

  constructor(close: (task: Task) => void, most = MOST) {
    this.close = close;
    this.most = most;
  }

  get size(): number {
    return this.bySession.size;
  }

  /** The task that an exchange goes on with, or a new one in the arm that it draws. */
  join(session: string | undefined, at: EpochMs, wording: Wording, draw: () => Arm): Task {
    const known = session === undefined ? undefined : this.bySession.get(session);
    // While it is under way it has not fallen silent, however long its answer takes.
    if (known && goesOn({ to: known.pending > 0 ? at : known.to, wording: known.wording }, { at, wording })) {
      this.touch(known, at);
      known.wording = wording;
      known.pending++;
      return known;
    }
    if (known) this.leave(known);
    const task: Task = {
      session,
      arm: draw(),
      to: at,
      wording,
      pending: 1,
      exchanges: 0,
      microUsd: 0,
      firstMicroUsd: 0,
      resolved: false,
      left: session === undefined,
    };
    if (session !== undefined) {
      this.bySession.set(session, task);
      const { oldest } = this.bySession;
      if (oldest && this.bySession.size > this.most) this.leave(oldest.value);
    }
    return task;
  }

  /** One of its exchanges is over. */
  ended(task: Task, at: EpochMs): void {
    task.pending--;
    if (!task.left) this.touch(task, at);
    else if (task.pending === 0) this.close(task);
  }

  /** Closes what has been silent for longer than a task may be. */
  sweep(now: EpochMs): void {
    for (let task = this.bySession.oldest?.value; task; task = this.bySession.oldest?.value) {
      if (now - task.to <= TASK_1.gap) return;
      if (task.pending === 0) this.leave(task);
      else this.touch(task, now);
    }
  }

  private touch(task: Task, at: EpochMs): void {
    task.to = at;
    this.bySession.set(task.session as string, task);
  }

  private leave(task: Task): void {
    this.bySession.delete(task.session as string);
    task.left = true;
    if (task.pending === 0) this.close(task);
  }
}
