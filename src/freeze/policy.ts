import { type Config, type Freeze, type ProviderConfig, type RouteConfig, routeSchema } from '#contracts';
import { canonical, sha256 } from '#kernel';

/** What a route is when nothing is said but where it leads. */
const DEFAULTS: Readonly<Record<string, unknown>> = routeSchema.parse({
  tiers: [{ name: 'any', reply: '' }],
});

/** The policy without what is as it would be anyhow, keys in order. */
export const essence = (policy: RouteConfig): string =>
  canonical(
    Object.fromEntries(
      Object.entries(policy).filter(
        ([key, value]) =>
          value !== undefined && (key === 'tiers' || canonical(value) !== canonical(DEFAULTS[key] ?? null)),
      ),
    ),
  );

export const versionOf = (policy: RouteConfig): string => sha256(essence(policy)).slice(0, 12);

/** A policy that an older Midwatch kept, with the settings it did not have. */
export const completed = (policy: RouteConfig): RouteConfig => ({ ...DEFAULTS, ...policy }) as RouteConfig;

export const providersOf = ({ tiers, shadow }: RouteConfig): readonly string[] => [
  ...new Set([
    ...tiers.flatMap(({ targets = [] }) => targets.map(({ provider }) => provider)),
    ...(shadow ? [shadow.target.provider] : []),
  ]),
];

/** Limits say how much may be asked, not what is answered: they may be raised in the middle of an incident, and a key may be rotated. */
const NO_PART = /^(quota|concurrency|apiKey|apiKeyFile)$|secret|password|credential/i;

/** Settings that decide what a provider answers and what that costs, without credentials. */
export const fingerprint = (settings: ProviderConfig): string =>
  canonical(Object.fromEntries(Object.entries(settings).filter(([key]) => !NO_PART.test(key))));

/**
 * The configuration with its frozen routes as they were when they were frozen. Nothing moves on them by itself: nobody is sent
 * elsewhere to exercise a fallback, and nothing is copied.
 */
export function pinned(config: Config, freezes: ReadonlyMap<string, Freeze>): Config {
  if (freezes.size === 0) return config;
  const routes = { ...config.routes };
  const providers = { ...config.providers };
  for (const { route, policy, providers: then } of freezes.values()) {
    const { shadow: _, ...rest } = completed(policy);
    routes[route] = { ...rest, exercise: { ...rest.exercise, share: 0 } };
    // A provider that the file no longer knows is known to the frozen route, though without its key.
    for (const name of providersOf(routes[route]))
      if (!providers[name] && then[name] !== undefined)
        providers[name] = JSON.parse(then[name]) as ProviderConfig;
  }
  return { ...config, routes, providers };
}
