import type { z } from 'zod';

/**
 * What every member of a family (detector, guard, protocol, provider, scorer, fault, notifier) says about
 * itself. Settings, forms, reference pages and conformance suites are made from `params`, so a member's
 * settings live in its own folder and nowhere else.
 */
export interface Member<Params extends z.ZodType = z.ZodType> {
  /** Kebab-case, unique in its family, the same word in configuration, table, page and flag. */
  readonly name: string;
  /** Whole number; raised when the meaning of a stored state or of a parameter changes. */
  readonly version: number;
  /** One sentence for a reader who has never met it. */
  readonly summary: string;
  readonly params: Params;
}

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Freezes a member and refuses a name that could not be a path, a flag and a column at once. */
export function defineMember<M extends Member>(kind: string, member: M): Readonly<M> {
  if (!NAME.test(member.name)) throw new RangeError(`${kind} name "${member.name}" is not kebab-case`);
  if (!Number.isInteger(member.version) || member.version < 1)
    throw new RangeError(`${kind} ${member.name}: version must be a whole number from 1`);
  return Object.freeze(member);
}
