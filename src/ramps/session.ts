import type { Place, SessionField, SteerQuestion, Who } from '#contracts';

export type Path = 'new' | 'old';

/** Whose exchanges keep together. */
export interface Session {
  readonly name: string;
  /** A thread and a task come to an end, so they may keep the path they began on; a user who did would never change it. */
  readonly ends: boolean;
}

/** Without a key: most callers have one for everything they do, and a ramp over one session is a switch. */
const BY_DEFAULT: readonly SessionField[] = ['thread', 'task', 'user'];

export function sessionOf({ id, place, who }: SteerQuestion, field: SessionField | undefined): Session {
  for (const each of field ? [field] : BY_DEFAULT) {
    const value = named(each, place, who);
    if (value !== undefined) return { name: value, ends: each === 'thread' || each === 'task' };
  }
  return { name: id, ends: false };
}

const named = (field: SessionField, { thread, task }: Place, { user, key }: Who): string | undefined =>
  ({ thread, task, user, key })[field];

/** Paths that threads and tasks have begun on, those that spoke last. Not kept over a restart: then the hash alone decides. */
export class Held {
  private readonly paths = new Map<string, Path>();
  private readonly most: number;

  constructor(most = 10_000) {
    this.most = most;
  }

  get(session: string): Path | undefined {
    return this.paths.get(session);
  }

  set(session: string, path: Path): void {
    this.paths.delete(session);
    this.paths.set(session, path);
    if (this.paths.size > this.most) this.paths.delete(this.paths.keys().next().value as string);
  }

  clear(): void {
    this.paths.clear();
  }
}
