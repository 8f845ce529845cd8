import { notFound } from '../http/refusal.ts';
import type { ApiServices } from '../services.ts';

/** Refuses what names a route that is not configured, with those that are. */
export function knownRoute({ routes }: Pick<ApiServices, 'routes'>, name: string): void {
  const known = routes().map((route) => route.name);
  if (known.includes(name)) return;
  throw notFound(
    `There is no route "${name}".`,
    known.length > 0 ? `Known routes: ${known.join(', ')}.` : 'No route is configured.',
  );
}
