import type { RouteConfig } from '#contracts';
import { nearest } from '#kernel';
import type { Say } from './tiers.ts';

/** A ramp's tiers must exist and stand in the right order, and its stages must rise over the same buckets. */
export function rampProblems({ ramp, tiers }: RouteConfig, say: Say): void {
  if (!ramp) return;
  const { to, stages, edges, baseline } = ramp;
  const at = (...path: PropertyKey[]) => ['ramp', ...path];
  const place = askedTier(tiers, to, at('to'), say);
  if (place === 0)
    say(
      at('to'),
      `"${to}" is the first tier: put the new path behind the old one, which the route is meant to serve until the ramp is over`,
    );
  const buckets = stages[0]?.length ?? 0;
  stages.forEach((stage, s) => {
    if (stage.length !== buckets) {
      say(at('stages', s), `has ${stage.length} buckets, the first stage has ${buckets}`);
      return;
    }
    stage.forEach((percent, b) => {
      const before = s === 0 ? 0 : (stages[s - 1]?.[b] ?? 0);
      if (percent < before)
        say(
          at('stages', s, b),
          `${percent} is below the ${before} of the stage before; taking back is what rollback is for`,
        );
    });
  });
  if (edges && edges.length !== buckets - 1)
    say(at('edges'), `${edges.length} edges part ${edges.length + 1} buckets, the stages have ${buckets}`);
  if (edges?.some((edge, i) => i > 0 && edge <= (edges[i - 1] as number)))
    say(at('edges'), 'must rise from one to the next');
  if (Array.isArray(baseline) && baseline.length !== buckets)
    say(at('baseline'), `has ${baseline.length} rates, the stages have ${buckets} buckets`);
}

/** Place of a tier that is to be asked; undefined, and said so, where there is none. */
export function askedTier(
  tiers: RouteConfig['tiers'],
  wanted: string,
  path: readonly PropertyKey[],
  say: Say,
): number | undefined {
  const place = tiers.findIndex(({ name }) => name === wanted);
  const names = tiers.map(({ name }) => name);
  if (place < 0) {
    const guess = nearest(wanted, names);
    say(
      path,
      `no tier "${wanted}"; ${guess ? `did you mean "${guess}"?` : `known here: ${names.join(', ')}`}`,
    );
    return undefined;
  }
  if (!tiers[place]?.targets) {
    say(path, `tier "${wanted}" is a canned reply; name one with targets`);
    return undefined;
  }
  return place;
}
