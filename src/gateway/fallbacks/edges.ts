import type { FallbackView, Route } from '#contracts';
import { sha256 } from '#kernel';
import { contractHash } from '#kernel/tiers';
import { encoded } from '../encoded.ts';
import type { Step } from '../plan.ts';

export type EdgeName = Pick<FallbackView, 'route' | 'tier' | 'provider' | 'model' | 'protocol'>;

/** From the first tier of a route to one target below it. */
export interface Edge {
  /** Under which it is kept, over reloads and restarts. */
  readonly key: string;
  readonly name: EdgeName;
  /** Hash of what it depends on. */
  readonly contract: string;
  /** Who stands before it: what it was compared with. */
  readonly first: string;
}

/** Said of every answer of a watched route, so not put together each time. */
const firsts = new WeakMap<Route, string>();

/** The first tier of a route by its targets. */
export function firstOf(route: Route): string {
  const known = firsts.get(route);
  if (known !== undefined) return known;
  const first = (route.tiers[0]?.targets ?? [])
    .map(({ provider, model = '*' }) => `${provider}/${model}`)
    .join(' ');
  firsts.set(route, first);
  return first;
}

/** What a provider is paid and how much it allows say nothing about whether it answers. */
const NO_PART = ['prices', 'quota', 'free', 'apiKey', 'retires'] as const;

/** `protocol`: what callers speak; `version`: of Midwatch, by which an ask is translated and its answer read. */
export function edgeOf(
  route: Route,
  { target, tier, translator, protocol }: Step,
  version: string | undefined,
): Edge {
  const name: EdgeName = {
    route: route.name,
    tier: tier.name,
    provider: target.provider,
    model: target.model ?? '*',
    protocol: translator?.from ?? protocol.name,
  };
  const settings = Object.fromEntries(
    Object.entries(target.settings).filter(([key]) => !(NO_PART as readonly string[]).includes(key)),
  );
  return {
    key: Object.values(name).map(encoded).join('/'),
    name,
    first: firstOf(route),
    contract: contractHash({
      ...name,
      kind: target.kind.name,
      // Another key may not open the same models.
      credential: sha256(target.apiKey ?? ''),
      settings,
      contextWindow: target.contextWindow ?? null,
      spoken: protocol.name,
      timeouts: route.config.timeouts,
      midwatch: version ?? null,
    }),
  };
}
