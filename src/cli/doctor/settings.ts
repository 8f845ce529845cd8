import { buildRoutes, ConfigError, formatProblem, kindOf, type LoadedConfig, loadConfig } from '#app';
import type { Clock, ProviderConfig } from '#contracts';
import { plural } from '#contracts/say';
import { bad, type Finding, good, note, warn } from './finding.ts';
import { reach } from './reach.ts';

const PATIENCE = 2_000;

export interface Settings {
  readonly findings: Finding[];
  /** Absent when the configuration cannot be used. */
  readonly loaded?: LoadedConfig;
}

/** The configuration as a start from this shell would read it. */
export function settings(file: string | undefined, running: boolean): Settings {
  try {
    const loaded = loadConfig({ cwd: process.cwd(), env: process.env, ...(file !== undefined && { file }) });
    buildRoutes(loaded.config);
    const routes = Object.keys(loaded.config.routes);
    const from = {
      config: good(
        'configuration',
        `${loaded.file}: ${plural(routes.length, 'route')} (${routes.join(', ')})`,
      ),
      environment: good('configuration', `from the environment: ${routes.join(', ')}`),
      simulator: note('configuration', 'No provider key was found, so the simulator answers', {
        remedy: 'Set OPENAI_API_KEY or ANTHROPIC_API_KEY, or write providers and routes into midwatch.yaml.',
      }),
    }[loaded.source];
    return { findings: [from], loaded };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const findings = error.problems.map((problem) =>
      running
        ? warn('configuration', formatProblem(error.file, problem), {
            why: 'So it reads with the environment of this shell. What runs keeps the configuration it has.',
            remedy: 'Mend it before the next start; `midwatch config check` reads it again.',
          })
        : bad('configuration', formatProblem(error.file, problem), {
            remedy: '`midwatch config check` reads it again.',
          }),
    );
    return { findings };
  }
}

/** Each provider that a route leads to: is there a credential, does its address answer? */
export async function providersOf({ config }: LoadedConfig, clock: Clock): Promise<Finding[]> {
  const used = new Set(
    Object.values(config.routes).flatMap((r) =>
      r.tiers.flatMap((t) => t.targets?.map((x) => x.provider) ?? []),
    ),
  );
  const found = await Promise.all(
    Object.entries(config.providers).map(async ([name, own]) =>
      used.has(name)
        ? [...credential(name, own), ...(await address(name, own, clock))]
        : [
            note(`provider ${name}`, 'No route leads there', {
              remedy: 'Add a target, or take it out of the configuration.',
            }),
          ],
    ),
  );
  return found.flat();
}

function credential(name: string, own: ProviderConfig): Finding[] {
  const kind = kindOf(name, own);
  if (own.apiKey || own.apiKeyFile || own.free || kind?.keyVariable === undefined) return [];
  return [
    warn(`provider ${name}`, 'It has no key', {
      why: 'It will most likely refuse every call.',
      remedy: `Set providers.${name}.apiKey to \${${kind.keyVariable}}, or apiKeyFile; or \`free: true\` where none is needed.`,
    }),
  ];
}

async function address(name: string, own: ProviderConfig, clock: Clock): Promise<Finding[]> {
  const kind = kindOf(name, own);
  // Without an address of its own the simulator is started beside the gateway, so there is nothing to reach yet.
  if (kind?.name === 'simulator' && own.baseUrl === undefined) return [];
  const text = own.baseUrl ?? Object.values(kind?.baseUrl ?? {})[0];
  if (text === undefined) return [];
  const url = new URL(text);
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const why = await reach(url.hostname, port, PATIENCE, clock);
  const area = `provider ${name}`;
  if (why === undefined) return [good(area, `${url.hostname}:${port} answers`)];
  return [
    bad(area, `${url.hostname}:${port} cannot be reached: ${why}`, {
      why: 'Attempts there fail at once, or after their timeout.',
      remedy: `Check providers.${name}.baseUrl, DNS, firewall and proxy of this machine.`,
    }),
  ];
}
