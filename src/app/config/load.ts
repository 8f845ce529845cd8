import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Config, configSchema, type EpochMs } from '#contracts';
import { findProvider } from '#providers';
import { kindOf, parseConfig } from './parse.ts';
import { ConfigError } from './problems.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadedConfig {
  readonly config: Config;
  /** Absolute path; absent when there is no file. */
  readonly file?: string;
  /** Where the routes come from. */
  readonly source: 'config' | 'environment' | 'simulator';
}

export const DEFAULT_FILE = 'midwatch.yaml';

/**
 * The configuration of this start. Without a file the environment decides: a provider whose key stands in the variable
 * that its own SDK reads gets a route, and without any such key the simulator gets one, so that a first call works.
 */
export function loadConfig(options: {
  readonly file?: string;
  readonly cwd: string;
  readonly env: Environment;
  /** In which keys are looked for that make routes of their own; by default `env`. */
  readonly keys?: Environment;
  /** Refuse what is past its end too. */
  readonly now?: EpochMs;
}): LoadedConfig {
  const { cwd, env, keys = env } = options;
  const file = resolve(cwd, options.file ?? DEFAULT_FILE);
  if (options.file === undefined && !existsSync(file)) return withoutFile(configSchema.parse({}), keys);
  const parsed = parseConfig(read(file), env, options.now);
  if (!parsed.ok) throw new ConfigError(file, parsed.error);
  if (Object.keys(parsed.value.routes).length > 0) return { config: parsed.value, file, source: 'config' };
  return { ...withoutFile(parsed.value, keys), file };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EACCES'
          ? 'it may not be read by this user'
          : String(code);
    throw new ConfigError(file, [{ path: '', message: `cannot be read: ${why}` }]);
  }
}

/** Providers for which an environment variable alone is a configuration. */
const BY_ENVIRONMENT = ['openai', 'anthropic'] as const;

function withoutFile(config: Config, env: Environment): LoadedConfig {
  const found = BY_ENVIRONMENT.flatMap((name) => {
    const apiKey = env[findProvider(name)?.keyVariable ?? ''];
    return apiKey && !config.providers[name] ? [{ name, settings: { apiKey } }] : [];
  });
  const entries = [
    ...Object.entries(config.providers).map(([name, settings]) => ({ name, settings })),
    ...found,
  ];
  if (entries.length === 0)
    return {
      config: complete(config, {
        providers: { simulator: { kind: 'simulator', free: true } },
        routes: { simulator: { tiers: [{ name: 'primary', targets: [{ provider: 'simulator' }] }] } },
      }),
      source: 'simulator',
    };
  // One catch-all per provider; the first of a dialect wins unless the caller names a route.
  const route = ({ name, settings }: (typeof entries)[number]) => {
    const kind = kindOf(name, settings);
    return [
      name,
      {
        match: kind ? { protocol: kind.dialects[0] } : {},
        tiers: [{ name: 'primary', targets: [{ provider: name }] }],
      },
    ];
  };
  return {
    config: complete(config, {
      providers: Object.fromEntries(entries.map(({ name, settings }) => [name, settings])),
      routes: Object.fromEntries(entries.map(route)),
    }),
    source: 'environment',
  };
}

/** Fills in the defaults of the parts that were added. */
function complete(config: Config, added: object): Config {
  const { providers, routes } = configSchema.parse(added);
  return { ...config, providers, routes };
}
