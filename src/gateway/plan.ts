import type { AttemptCause, Protocol, Route, Target, Tier } from '#contracts';

export interface Step {
  readonly tier: Tier;
  readonly target: Target;
  readonly cause: AttemptCause;
}

/** Does this target serve the caller's dialect? Translation does not exist yet, so another dialect is no candidate. */
export const speaks = (target: Target, protocol: Protocol): boolean =>
  target.kind.dialects.includes(protocol.dialect) && (target.kind.protocols?.includes(protocol.name) ?? true);

/** The targets to try, in order, and why each would be tried. */
export function plan(route: Route, protocol: Protocol): readonly Step[] {
  const steps: Step[] = [];
  for (const tier of route.tiers) {
    for (const target of tier.targets) {
      if (!speaks(target, protocol)) continue;
      const before = steps.at(-1);
      steps.push({ tier, target, cause: !before ? 'first' : before.tier === tier ? 'reroute' : 'fallback' });
    }
  }
  return steps;
}
