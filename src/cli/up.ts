import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import {
  createLog,
  type LoadedConfig,
  loadConfig,
  prepareConsole,
  type Running,
  recordedHere,
  StartEnded,
  StartError,
  type StartOptions,
  start,
} from '#app';
import { systemClock } from '#kernel';
import { firstCalls } from './first-calls.ts';
import { port, untilTold } from './process.ts';
import { self } from './self.ts';
import { bold, colouredNotes, cyan, dim, yellow } from './terminal.ts';

interface UpFlags {
  readonly config?: string;
  readonly host?: string;
  readonly port?: number;
  readonly data?: string;
  readonly createKey?: string;
  readonly newAdminToken?: true;
  readonly json?: true;
  readonly verbose?: true;
  readonly record?: string | true;
  readonly replay?: string | true;
  readonly auto?: string | true;
  readonly speed: 'instant' | 'recorded';
}

export const up = () =>
  new Command('up')
    .description('Start gateway, control plane and console.')
    .option('-c, --config <file>', 'configuration file (default: midwatch.yaml if it exists)')
    .option('--host <address>', 'address to listen on')
    .option('--port <number>', 'port to listen on; 0 takes any free one', port)
    .option('--data <folder>', 'data folder')
    .option('--create-key <name>', 'create a first key if none exists, and print it')
    .option('--new-admin-token', 'replace a lost admin token; every session ends')
    .option('--record [folder]', 'keep every answer of a provider as a cassette')
    .option(
      '--replay [folder]',
      'answer from cassettes alone: free, offline, repeatable; no provider key needed',
    )
    .option('--auto [folder]', 'answer from a cassette where there is one, else ask and keep the answer')
    .addOption(
      new Option(
        '--speed <how>',
        'of what is replayed: at once, or with the pauses it was recorded with; what was given up takes its time either way',
      )
        .choices(['instant', 'recorded'])
        .default('instant'),
    )
    .option('--json', 'print one JSON object when ready, logs as JSON lines')
    .option('-v, --verbose', 'log more')
    .action(run);

async function run(flags: UpFlags): Promise<void> {
  const cwd = process.cwd();
  const read = () => underFlags(flags, cwd);
  const loaded = read();
  const { config } = loaded;
  const pretty = flags.json === undefined && process.stderr.isTTY === true;
  const log = createLog({
    clock: systemClock(),
    pretty,
    coloured: colouredNotes,
    level: flags.verbose ? 'debug' : 'info',
    write: (line) => process.stderr.write(line),
  });
  // Under a supervisor SIGHUP means «read your configuration again»; from a terminal it means that the terminal is gone.
  const supervised = process.stdin.isTTY !== true;
  let running: Running | undefined;
  if (supervised) process.on('SIGHUP', () => running?.reload());
  const told = untilTold(supervised ? ['SIGINT', 'SIGTERM'] : undefined);
  running = await start({
    ended: told,
    loaded,
    reread: read,
    cwd,
    log,
    console: () => prepareConsole(join(import.meta.dir, '..', '..'), join(config.data, 'console')),
    ...(process.env.DATABASE_URL && { databaseUrl: process.env.DATABASE_URL }),
    ...(flags.createKey !== undefined && { createKey: flags.createKey }),
    ...(flags.newAdminToken && { newAdminToken: true }),
    ...cassettesOf(flags, cwd),
  }).catch((error: unknown) => {
    if (error instanceof StartEnded) process.exit(0);
    throw error;
  });
  if (flags.json)
    console.log(
      JSON.stringify({
        event: 'ready',
        url: running.url,
        adminToken: running.adminToken,
        key: running.key,
        open: running.open,
        simulator: running.simulator?.port,
      }),
    );
  else console.log(banner(running, loaded, cwd));
  running.told();
  await told;
  if (!flags.json)
    console.log(dim('draining: streams may finish, new requests are refused; a second signal ends at once'));
  await running.stop();
  process.exit(0);
}

const CASSETTES = 'cassettes';

/** Record, replay or both; the folder is the project's own, so that its cassettes can be committed. */
function cassettesOf(flags: UpFlags, cwd: string): Pick<StartOptions, 'cassettes'> {
  const asked = (['record', 'replay', 'auto'] as const).filter((mode) => flags[mode] !== undefined);
  const [mode, another] = asked;
  if (mode === undefined) return {};
  if (another)
    throw new StartError(
      `--${mode} and --${another} exclude each other.`,
      'Use --auto to replay what there is and to record the rest.',
    );
  return { cassettes: { mode, folder: folderOf(flags[mode], cwd), speed: flags.speed } };
}

const folderOf = (folder: string | true | undefined, cwd: string): string =>
  resolve(cwd, typeof folder === 'string' ? folder : CASSETTES);

/** Replay asks nobody, so it needs no key: the environment gets one that opens nothing. */
const keysOf = (flags: UpFlags, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  flags.replay === undefined
    ? env
    : {
        ...env,
        OPENAI_API_KEY: env.OPENAI_API_KEY || 'replay',
        ANTHROPIC_API_KEY: env.ANTHROPIC_API_KEY || 'replay',
      };

/** The configuration with what the command line says over it. */
function underFlags(flags: UpFlags, cwd: string): LoadedConfig {
  const loaded = loadConfig({
    cwd,
    env: keysOf(flags, process.env),
    // What the simulator answered when nobody had a key is asked for at the simulator again.
    ...(flags.replay !== undefined && recordedHere(folderOf(flags.replay, cwd)) && { keys: {} }),
    ...(flags.config !== undefined && { file: flags.config }),
  });
  const { listen, data } = loaded.config;
  return {
    ...loaded,
    config: {
      ...loaded.config,
      listen: { host: flags.host ?? listen.host, port: flags.port ?? listen.port },
      data: flags.data ?? data,
    },
  };
}

/** Every line below a heading works when pasted. */
function banner(running: Running, { config, source }: LoadedConfig, cwd: string): string {
  const key = running.key ?? (running.open ? 'none-needed-yet' : 'mw_your_key');
  const base = running.url;
  const lines = [
    '',
    `${bold('Midwatch')} is on watch at ${cyan(base)}`,
    ...(running.adminToken
      ? [`  admin token   ${bold(running.adminToken)}  ${dim('shown once; log in to the console with it')}`]
      : []),
    ...(running.key ? [`  first key     ${bold(running.key)}  ${dim('shown once')}`] : []),
    ...(running.open
      ? [
          `  ${yellow('open')}          no key exists, so callers on this machine need none; \`${self} keys create <name>\` ends that`,
        ]
      : []),
    dim(`  data          ${resolve(cwd, config.data)}`),
    ...(running.simulator
      ? [
          `  simulator     http://127.0.0.1:${running.simulator.port}  ${dim(source === 'simulator' ? 'no provider key was found, so answers are simulated' : 'the configuration sends calls here')}`,
        ]
      : []),
    ...(running.degraded
      ? [
          `  ${yellow('degraded')}      ${running.degraded} Serving from the last good state; records wait in the spool.`,
        ]
      : []),
    '',
    ...firstCalls(config, base, key).flatMap(([what, line]) => [dim(`# ${what}`), line]),
    '',
    dim(`# another terminal: ${self} login, then ${self} tail · show last · doctor`),
    '',
  ];
  return lines.join('\n');
}
