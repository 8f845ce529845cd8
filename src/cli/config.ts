import { resolve } from 'node:path';
import { Command } from 'commander';
import {
  buildRoutes,
  ConfigError,
  DEFAULT_FILE,
  describeRoutes,
  formatProblem,
  kindOf,
  type LoadedConfig,
  loadConfig,
  unprovenIn,
} from '#app';
import { plural } from '#contracts/say';
import { systemClock } from '#kernel';
import { EXIT } from './exit.ts';
import { facts, table } from './table.ts';
import { bold, dim, green, print, printJson, red, yellow } from './terminal.ts';

interface Flags {
  readonly config?: string;
  readonly json?: true;
}

export const config = () =>
  new Command('config').description('The configuration file.').addCommand(
    new Command('check')
      .description('Read the configuration as a start would, and say everything that is wrong with it.')
      .argument('[file]', `configuration file (default: ${DEFAULT_FILE}, else what the environment gives)`)
      .option('-c, --config <file>', 'the same, as `midwatch up` takes it')
      .option('--json', 'print one JSON object')
      .action((file: string | undefined, flags: Flags) => check(file ?? flags.config, flags)),
  );

function check(file: string | undefined, flags: Flags): void {
  let loaded: LoadedConfig;
  try {
    loaded = loadConfig({
      cwd: process.cwd(),
      env: process.env,
      now: systemClock().now(),
      ...(file !== undefined && { file }),
    });
    // Key files are read while routes are built; a start would stumble there.
    const table = buildRoutes(loaded.config);
    const unproven = unprovenIn(loaded, table, { cwd: process.cwd(), clock: systemClock() });
    if (unproven.length > 0) throw new ConfigError(loaded.file ?? DEFAULT_FILE, unproven);
    if (flags.json) printJson({ verdict: 'good', ...summary(loaded) });
    else print(good(loaded, describeRoutes(table, loaded)));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problems = error.problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
    if (flags.json) printJson({ verdict: 'bad', file: error.file, problems });
    else {
      print(`${red('✗ bad')}  ${plural(problems.length, 'problem')}`);
      // A path as the reader typed it, so that a terminal makes it a link and an editor opens it.
      const name = resolve(file ?? DEFAULT_FILE) === error.file ? (file ?? DEFAULT_FILE) : error.file;
      for (const problem of problems) print(`  ${formatProblem(name, problem)}`);
    }
    process.exitCode = EXIT.bad;
  }
}

const summary = ({ config, file, source }: LoadedConfig) => ({
  ...(file !== undefined && { file }),
  source,
  listen: config.listen,
  providers: Object.keys(config.providers),
  routes: Object.keys(config.routes),
});

const FROM = {
  config: 'the file',
  environment: 'the keys in the environment',
  simulator: 'nothing: no provider key was found, so the simulator answers',
} as const;

function good(loaded: LoadedConfig, views: ReturnType<typeof describeRoutes>): string {
  const {
    config: { providers, listen },
    file,
    source,
  } = loaded;
  const rows = Object.entries(providers).map(([name, settings]) => {
    const kind = kindOf(name, settings);
    const billed =
      settings.free || kind?.name === 'simulator'
        ? ''
        : settings.apiKey || settings.apiKeyFile
          ? 'key given'
          : yellow('no key');
    return [
      bold(name),
      kind?.name ?? '',
      settings.baseUrl ?? Object.values(kind?.baseUrl ?? {})[0] ?? '',
      billed,
    ];
  });
  const heads = [{ title: 'provider' }, { title: 'kind' }, { title: 'address' }, { title: 'credential' }];
  const paths = views.map((view) => [
    bold(view.name),
    view.policy.find((p) => p.step === 'match')?.says ?? '',
    view.tiers
      .map((t) => `${t.name}: ${t.reply === undefined ? t.targets.join(', ') : 'canned reply'}`)
      .join(' → '),
  ]);
  return [
    `${green('● good')}  ${file ?? dim('no file')}`,
    facts([
      ['listen', `${listen.host}:${listen.port}`],
      ['routes from', FROM[source]],
    ]),
    '',
    table(heads, rows),
    '',
    table([{ title: 'route' }, { title: 'matches' }, { title: 'tiers' }], paths),
  ].join('\n');
}
