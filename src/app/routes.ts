import { readFileSync } from 'node:fs';
import type {
  Config,
  DemotionView,
  Freeze,
  ProviderConfig,
  Route,
  RouteTable,
  RouteView,
  Target,
  TargetConfig,
} from '#contracts';
import { markOf } from '#freeze';
import { ConfigError, kindOf, type LoadedConfig } from './config/index.ts';
import { policyOf, targetsOf } from './policy.ts';

/** Version of the policy of each frozen route. */
export type FrozenVersions = ReadonlyMap<string, { readonly version: string }>;

/** What of the house routes are made ready in. */
export interface RoutesAt {
  readonly simulator?: { readonly port: number };
  /** The key of a provider that stands in a file; by default read from the disk. @throws ConfigError */
  readonly keyFile?: (provider: string, file: string) => string;
  readonly frozen?: FrozenVersions;
  /** Which of how many gateway threads; by default the only one. */
  readonly thread?: { readonly number: number; readonly of: number };
}

/** Routes made ready: names resolved to providers, keys read, patterns compiled. */
export function buildRoutes(config: Config, at: RoutesAt = {}): RouteTable {
  const { frozen } = at;
  const target = (t: TargetConfig): Target => ({
    ...bind(t.provider, t.model, config.providers[t.provider] as ProviderConfig, at),
    ...(t.prefill !== undefined && { prefill: t.prefill }),
    ...(t.contextWindow !== undefined && { contextWindow: t.contextWindow }),
  });
  const routes: Route[] = Object.entries(config.routes).map(([name, route]) => ({
    name,
    config: route,
    tiers: route.tiers.map((tier) => ({
      name: tier.name,
      targets: (tier.targets ?? []).map(target),
      ...(tier.byHour && { byHour: true }),
      ...(tier.reply !== undefined && { reply: tier.reply }),
    })),
    ...(frozen?.has(name) && { frozen: frozen.get(name)?.version }),
    ...(route.shadow && { shadow: { name: 'shadow', targets: [target(route.shadow.target)] } }),
  }));
  const byName = new Map(routes.map((r) => [r.name, r]));
  const rules = routes.map((route) => ({ route, matches: matcher(route) }));
  // Exact models before patterns before catch-alls, in file order within each: the most specific promise wins.
  const rank = ({ route }: (typeof rules)[number]) => {
    const { model, feature } = route.config.match;
    return (model === undefined ? 2 : model.includes('*') ? 1 : 0) - (feature === undefined ? 0 : 0.5);
  };
  const ordered = rules
    .map((rule, i) => ({ rule, i }))
    .sort((a, b) => rank(a.rule) - rank(b.rule) || a.i - b.i)
    .map(({ rule }) => rule);
  return {
    routes,
    match: (ask) => (ask.route ? byName.get(ask.route) : ordered.find((r) => r.matches(ask))?.route),
  };
}

type Ask = Parameters<RouteTable['match']>[0];

function matcher(route: Route): (ask: Ask) => boolean {
  const { model, protocol, feature } = route.config.match;
  const pattern =
    model === undefined ? undefined : new RegExp(`^${model.split('*').map(literal).join('.*')}$`);
  return (ask) =>
    (pattern === undefined || pattern.test(ask.model)) &&
    (protocol === undefined || protocol === ask.protocol.dialect || protocol === ask.protocol.name) &&
    (feature === undefined || feature === ask.feature);
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function bind(
  provider: string,
  model: string | undefined,
  settings: ProviderConfig,
  { simulator, keyFile = readKey, thread = ALONE }: RoutesAt,
): Target {
  const kind = kindOf(provider, settings);
  if (!kind) throw new Error(`provider ${provider} has no kind; the configuration should have been refused`);
  const own = settings.baseUrl?.replace(/\/+$/, '');
  const started = kind.name === 'simulator' && simulator && own === undefined ? simulator.port : undefined;
  const root = started === undefined ? undefined : `http://127.0.0.1:${started}`;
  const apiKey =
    settings.apiKey ??
    (settings.apiKeyFile === undefined ? undefined : keyFile(provider, settings.apiKeyFile));
  return {
    provider,
    kind,
    ...(model !== undefined && { model }),
    baseUrl: root
      ? { openai: `${root}/v1`, anthropic: root }
      : Object.fromEntries(kind.dialects.map((d) => [d, own ?? kind.baseUrl[d]])),
    ...(apiKey && { apiKey }),
    zone: settings.zone,
    ...(settings.passDeadline && { passDeadline: true }),
    ...(settings.concurrency && { concurrency: partOf(settings.concurrency, thread) }),
    settings,
  };
}

const ALONE = { number: 1, of: 1 };

/** Places are dealt out among the threads, so that all together never take more than there are. */
function partOf(
  settings: NonNullable<Target['concurrency']>,
  { number, of }: NonNullable<RoutesAt['thread']>,
): NonNullable<Target['concurrency']> {
  const part = (whole: number) => Math.floor(whole / of) + (number <= whole % of ? 1 : 0);
  return { ...settings, max: part(settings.max), queue: part(settings.queue) };
}

function readKey(provider: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new ConfigError(file, [
      {
        path: `providers.${provider}.apiKeyFile`,
        message: 'cannot be read; check the path and its permissions',
      },
    ]);
  }
}

/** Every route as a person reads it, in the order of the configuration. */
export const describeRoutes = (
  table: RouteTable,
  { config, source }: LoadedConfig,
  freezes: ReadonlyMap<string, Freeze> = new Map(),
  demotions: readonly DemotionView[] = [],
): readonly RouteView[] =>
  table.routes.map((route) => ({
    name: route.name,
    source,
    tiers: route.tiers.map((tier) => ({
      name: tier.name,
      targets: targetsOf(tier),
      ...(tier.reply !== undefined && { reply: tier.reply }),
    })),
    ...(freezes.has(route.name) && { frozen: markOf(freezes.get(route.name) as Freeze) }),
    policy: policyOf(
      route,
      config.providers,
      freezes.get(route.name),
      demotions.filter((rule) => rule.route === route.name),
    ),
  }));
