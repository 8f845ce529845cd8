import type { Protocol, Route, Takeovers, Target, Tier, Translator } from '#contracts';

export interface Step {
  readonly tier: Tier;
  readonly target: Target;
  /** What the target is spoken to in. */
  readonly protocol: Protocol;
  /** Between the caller's protocol and the target's, where they differ. */
  readonly translator?: Translator;
}

/** What a plan is made of beside the route. */
export interface Tongues {
  readonly protocols: readonly Protocol[];
  /** By protocol names; undefined when one cannot be said in the other. */
  readonly translator: (from: string, to: string) => Translator | undefined;
  /** An ask of this protocol without thoughts that another provider signed: they came over in a translated turn. */
  readonly withoutForeignThoughts: (protocol: string, body: Uint8Array) => Uint8Array;
  readonly takeovers: Takeovers;
}

/** Does this target serve this protocol as it is? */
export const speaks = (target: Target, protocol: Protocol): boolean =>
  target.kind.dialects.includes(protocol.dialect) && (target.kind.protocols?.includes(protocol.name) ?? true);

/** Plans are made once a route and protocol: routes are replaced as a whole when the configuration is. */
export function createPlanner(tongues: Tongues): (route: Route, protocol: Protocol) => readonly Step[] {
  const known = new WeakMap<Route, Map<Protocol, readonly Step[]>>();
  return (route, protocol) => {
    let plans = known.get(route);
    if (!plans) {
      plans = new Map();
      known.set(route, plans);
    }
    let steps = plans.get(protocol);
    if (!steps) {
      steps = plan(route, protocol, tongues);
      plans.set(protocol, steps);
    }
    return steps;
  };
}

/** The targets that may serve, in order. */
function plan(route: Route, protocol: Protocol, tongues: Tongues): readonly Step[] {
  const steps: Step[] = [];
  for (const tier of route.tiers)
    for (const target of tier.targets) {
      const spoken = tongueOf(target, protocol, tongues);
      if (spoken) steps.push({ tier, target, ...spoken });
    }
  return steps;
}

/** The caller's own protocol where the target speaks it, for then bytes pass through; else the nearest that can be translated. */
function tongueOf(
  target: Target,
  protocol: Protocol,
  { protocols, translator }: Tongues,
): Pick<Step, 'protocol' | 'translator'> | undefined {
  if (speaks(target, protocol)) return { protocol };
  const sameDialectFirst = protocols.toSorted(
    (a, b) => Number(b.dialect === protocol.dialect) - Number(a.dialect === protocol.dialect),
  );
  for (const other of sameDialectFirst) {
    const between = speaks(target, other) ? translator(protocol.name, other.name) : undefined;
    if (between) return { protocol: other, translator: between };
  }
  return undefined;
}
