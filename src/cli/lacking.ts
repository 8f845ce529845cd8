import type { Midwatch } from '#sdk';
import { CliError, EXIT } from './exit.ts';

/**
 * Why a verb has nothing to say of a route, one rule for all: a route that there is not is bad (1); one that has not what the
 * verb reads is a verdict that cannot be given (3).
 */
export async function lacking(
  midwatch: Midwatch,
  route: string,
  { what, remedy }: { readonly what: string; readonly remedy: string },
): Promise<CliError> {
  const known = (await midwatch.routes.list()).map(({ name }) => name);
  return known.includes(route)
    ? new CliError(`Route "${route}" has no ${what}.`, remedy, EXIT.unknown)
    : new CliError(`There is no route "${route}".`, `Known routes: ${known.join(', ')}.`);
}
