import type { RouteConfig } from '#contracts';
import { askedTier } from './ramp.ts';
import type { Say } from './tiers.ts';

/** A router's tiers must exist, the dear one first; and nobody else may choose for the same route. */
export function routerProblems({ router, ramp, tiers }: RouteConfig, say: Say): void {
  if (!router) return;
  const { cheap, dear, rules, classifier } = router;
  const at = (...path: PropertyKey[]) => ['router', ...path];
  if (ramp)
    say(
      at(),
      'a route ramps or is routed, not both: the ramp would choose for every ask, and the router for none',
    );
  const [low, high] = [askedTier(tiers, cheap, at('cheap'), say), askedTier(tiers, dear, at('dear'), say)];
  if (low !== undefined && high !== undefined && low <= high)
    say(
      at('cheap'),
      low === high
        ? 'the cheap and the dear tier are the same'
        : `"${cheap}" stands before "${dear}": put the dear tier first, which the route promises and which catches the cheap one`,
    );
  if (rules.length === 0 && !classifier)
    say(at(), 'give it `rules` or a `classifier`; without either there is nothing to choose by');
  rules.forEach((rule, i) => {
    if (Object.keys(rule).length === 1)
      say(at('rules', i), 'holds for every ask; write it as `otherwise`, or give it a condition');
  });
}
