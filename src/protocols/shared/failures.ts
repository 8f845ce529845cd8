import type { Failure, FailureKind } from '#contracts';
import { SEMANTICS } from '#kernel';

/** A failure as the table of failures has it, unless the one who reports it knows better. */
export function failure(
  kind: FailureKind,
  hint: string,
  more: Partial<Omit<Failure, 'kind' | 'hint'>> = {},
): Failure {
  const { fault, retryable } = SEMANTICS[kind];
  return { kind, origin: fault, retryable, hint, ...more };
}
