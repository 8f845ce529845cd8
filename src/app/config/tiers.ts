import type { DemotionConfig, EpochMs, RouteConfig } from '#contracts';
import { nearest } from '#kernel';

/** Tells what is wrong at a path below the route. */
export type Say = (path: readonly PropertyKey[], message: string) => void;

/** Proofs, tier mix and rules of demotion: names of tiers that must exist, promises that cannot be kept. */
export function tierProblems(route: RouteConfig, say: Say): void {
  const { tiers, mix = {}, demotions, timeouts, takeover, buffer } = route;
  const names = tiers.map(({ name }) => name);
  if (timeouts.stall !== undefined && !takeover && buffer !== 'whole')
    say(
      ['timeouts', 'stall'],
      'nobody may finish a stream of this route, so none is ever given up for a silence; add `takeover: {}` or `buffer: whole`, or take it out',
    );
  const unknown = (path: readonly PropertyKey[], tier: string) => {
    if (names.includes(tier)) return false;
    const guess = nearest(tier, names);
    say(path, `no tier "${tier}"; ${guess ? `did you mean "${guess}"?` : `known here: ${names.join(', ')}`}`);
    return true;
  };
  tiers.forEach(({ name, minProof, reply }, i) => {
    if (minProof === undefined) return;
    const wrong = (why: string) => say(['tiers', i, 'minProof'], why);
    if (reply !== undefined)
      wrong(`tier "${name}" is a canned reply, which needs no proof; take minProof out, or give it targets`);
    else if (i === 0)
      wrong(
        `tier "${name}" is the first one, which every ask goes to anyway; a proof is asked of a fallback${names[1] === undefined ? ', and this route has none' : `, so move minProof to "${names[1]}" or one below it`}`,
      );
  });
  let floors = 0;
  for (const [tier, { target, floor = 0, ceiling = 1 }] of Object.entries(mix)) {
    if (unknown(['mix', tier], tier)) continue;
    floors += floor;
    if (floor > ceiling) say(['mix', tier], `floor ${floor} is above ceiling ${ceiling}`);
    else if (target !== undefined && (target < floor || target > ceiling))
      say(['mix', tier, 'target'], `${target} is not between floor ${floor} and ceiling ${ceiling}`);
  }
  // Sums of shares like 0.7 + 0.3 may be a hair above 1 in binary.
  if (floors > 1 + 1e-9) say(['mix'], `the floors add up to ${Number(floors.toPrecision(6))}, more than all`);

  const seen = new Set<string>();
  demotions.forEach((rule, i) => {
    const at = (...path: PropertyKey[]) => ['demotions', i, ...path];
    if (seen.has(rule.id)) say(at('id'), `two rules are called "${rule.id}"`);
    seen.add(rule.id);
    const lost = [unknown(at('from'), rule.from), unknown(at('to'), rule.to)];
    if (!lost.includes(true) && names.indexOf(rule.to) <= names.indexOf(rule.from))
      say(
        at('to'),
        `"${rule.to}" is not below "${rule.from}"; a demotion goes to a tier further down the list`,
      );
    if (rule.approval && rule.onExpire !== 'extend-with-approval')
      say(
        at('approval'),
        'means something only with `onExpire: extend-with-approval`; move `expiresAt` instead',
      );
  });
}

/**
 * Rules that are past their end. Only a person who checks is told so: a start that refused them would keep a gateway down
 * at night because of a date, and would undo what `onExpire` says.
 */
export function expiredProblems({ demotions }: RouteConfig, now: EpochMs, say: Say): void {
  demotions.forEach((rule, i) => {
    if (now >= endOf(rule))
      say(
        ['demotions', i, 'expiresAt'],
        `rule "${rule.id}" expired on ${new Date(endOf(rule)).toISOString()}, so it ${NOW[rule.onExpire]}; ask ${rule.owner} to take it out or to give it a new end`,
      );
  });
}

const endOf = ({ expiresAt, onExpire, approval }: DemotionConfig): EpochMs =>
  onExpire === 'extend-with-approval' ? Math.max(expiresAt, approval?.until ?? 0) : expiresAt;

const NOW = {
  restore: 'does nothing any more',
  block: 'refuses what it used to demote',
  'extend-with-approval': 'acts only while approved (`midwatch tiers approve`)',
} as const;
