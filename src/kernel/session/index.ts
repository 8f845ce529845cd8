import type { Place, SessionField, Who } from '#contracts';

/** Whose exchanges keep together. */
export interface Session {
  readonly name: string;
  /** A thread and a task come to an end; a user does not. */
  readonly ends: boolean;
}

/** Without the key: most callers have one for everything they do, so it tells nobody from anybody. */
const BY_DEFAULT: readonly SessionField[] = ['thread', 'task', 'user'];

/** By the field that was chosen, else by the first that the caller names of thread, task and user; undefined when none is named. */
export function sessionOf(
  { place, who }: { readonly place: Place; readonly who: Who },
  field?: SessionField,
): Session | undefined {
  for (const each of field ? [field] : BY_DEFAULT) {
    const name = nameIn(each, place, who);
    if (name !== undefined) return { name, ends: each === 'thread' || each === 'task' };
  }
  return undefined;
}

const nameIn = (field: SessionField, { thread, task }: Place, { user, key }: Who): string | undefined =>
  ({ thread, task, user, key })[field];
