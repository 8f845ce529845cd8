import type { Config, Freeze, FreezeMark } from '#contracts';
import { couldTake } from './overlap.ts';
import { essence, fingerprint, providersOf, versionOf } from './policy.ts';

export const markOf = ({ route, version, at, by, reason }: FreezeMark): FreezeMark => ({
  route,
  version,
  at,
  by,
  ...(reason !== undefined && { reason }),
});

/** Who froze it, when, why, and what to do about it. */
export const frozenBy = ({ route, at, by, reason }: FreezeMark): string =>
  `frozen by ${by} since ${new Date(at).toISOString().slice(0, 16)}Z${reason === undefined ? '' : ` (${reason})`}; \`midwatch thaw ${route}\` first`;

/** Why a new configuration may not be put in force: each thing in it that would move a frozen route. Empty when none would. */
export function refusals(before: Config, next: Config, freezes: Iterable<Freeze>): readonly string[] {
  return [...freezes].flatMap((freeze) => [
    ...ownPolicy(before, next, freeze),
    ...itsProviders(before, next, freeze),
    ...itsTraffic(before, next, freeze),
  ]);
}

function ownPolicy(before: Config, next: Config, freeze: Freeze): readonly string[] {
  const { route, version } = freeze;
  const [was, is] = [before.routes[route], next.routes[route]];
  if (is && (versionOf(is) === version || (was && essence(was) === essence(is)))) return [];
  if (!is && !was) return [];
  return [`routes.${route}: ${is ? 'changed' : 'gone'}, and the route is ${frozenBy(freeze)}`];
}

function itsProviders(before: Config, next: Config, freeze: Freeze): readonly string[] {
  return providersOf(freeze.policy).flatMap((name) => {
    const [was, is] = [before.providers[name], next.providers[name]];
    if ((was && fingerprint(was)) === (is && fingerprint(is))) return [];
    return [
      `providers.${name}: ${is ? 'changed' : 'gone'}, and it serves route ${freeze.route}, ${frozenBy(freeze)}`,
    ];
  });
}

function itsTraffic(before: Config, next: Config, freeze: Freeze): readonly string[] {
  return Object.entries(next.routes).flatMap(([name, { match }]) => {
    if (name === freeze.route) return [];
    const was = before.routes[name]?.match;
    if (was && JSON.stringify(was) === JSON.stringify(match)) return [];
    if (!couldTake(freeze.policy.match, match)) return [];
    return [`routes.${name}.match: could take asks from route ${freeze.route}, ${frozenBy(freeze)}`];
  });
}
