import { join } from 'node:path';
import { Command } from 'commander';
import { createLog, loadConfig, prepareConsole, type Running, start } from '#app';
import { systemClock } from '#kernel';
import { port, untilSignal } from './process.ts';
import { bold, cyan, dim, yellow } from './terminal.ts';

interface UpFlags {
  readonly config?: string;
  readonly host?: string;
  readonly port?: number;
  readonly data?: string;
  readonly createKey?: string;
  readonly newAdminToken?: true;
  readonly json?: true;
  readonly verbose?: true;
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
    .option('--json', 'print one JSON object when ready, logs as JSON lines')
    .option('-v, --verbose', 'log more')
    .action(run);

async function run(flags: UpFlags): Promise<void> {
  const cwd = process.cwd();
  const loaded = loadConfig({
    cwd,
    env: process.env,
    ...(flags.config !== undefined && { file: flags.config }),
  });
  const { listen } = loaded.config;
  const config = {
    ...loaded.config,
    listen: { host: flags.host ?? listen.host, port: flags.port ?? listen.port },
    data: flags.data ?? loaded.config.data,
  };
  const pretty = flags.json === undefined && process.stderr.isTTY === true;
  const log = createLog({
    clock: systemClock(),
    pretty,
    level: flags.verbose ? 'debug' : 'info',
    write: (line) => process.stderr.write(line),
  });
  const running = await start({
    loaded: { ...loaded, config },
    cwd,
    log,
    console: () => prepareConsole(join(import.meta.dir, '..', '..'), join(config.data, 'console')),
    ...(process.env.DATABASE_URL && { databaseUrl: process.env.DATABASE_URL }),
    ...(flags.createKey !== undefined && { createKey: flags.createKey }),
    ...(flags.newAdminToken && { newAdminToken: true }),
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
  else console.log(banner(running, loaded.source));
  await untilSignal();
  if (!flags.json)
    console.log(dim('draining: streams may finish, new requests are refused; a second signal ends at once'));
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  await running.stop();
  process.exit(0);
}

/** Every line below a heading works when pasted. */
function banner(running: Running, source: string): string {
  const key = running.key ?? (running.open ? 'none-needed-yet' : 'mw_your_key');
  const model = source === 'simulator' ? 'sim' : 'gpt-5.5';
  const claude = source === 'simulator' ? 'sim' : 'claude-opus-4-7';
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
          `  ${yellow('open')}          no key exists, so callers on this machine need none; \`midwatch keys create\` ends that`,
        ]
      : []),
    ...(running.simulator
      ? [
          `  simulator     http://127.0.0.1:${running.simulator.port}  ${dim('no provider key was found, so answers are simulated')}`,
        ]
      : []),
    ...(running.degraded
      ? [
          `  ${yellow('degraded')}      ${running.degraded} Serving from the last good state; records wait in the spool.`,
        ]
      : []),
    '',
    dim('# curl'),
    `curl ${base}/v1/chat/completions -H 'content-type: application/json' -H 'authorization: Bearer ${key}' -d '{"model":"${model}","messages":[{"role":"user","content":"What is 17*23?"}]}'`,
    dim('# JavaScript, the openai client'),
    `node --input-type=module -e "import OpenAI from 'openai'; const c = new OpenAI({ baseURL: '${base}/v1', apiKey: '${key}' }); console.log((await c.chat.completions.create({ model: '${model}', messages: [{ role: 'user', content: 'What is 17*23?' }] })).choices[0].message.content)"`,
    dim('# JavaScript, the Anthropic client'),
    `node --input-type=module -e "import Anthropic from '@anthropic-ai/sdk'; const c = new Anthropic({ baseURL: '${base}', apiKey: '${key}' }); console.log((await c.messages.create({ model: '${claude}', max_tokens: 100, messages: [{ role: 'user', content: 'What is 17*23?' }] })).content[0].text)"`,
    '',
  ];
  return lines.join('\n');
}
