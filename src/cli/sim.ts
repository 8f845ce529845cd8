import { Command, InvalidArgumentError } from 'commander';
import { createLog, simulate } from '#app';
import { dollars, plural } from '#contracts/say';
import { systemClock } from '#kernel';
import { port, untilSignal } from './process.ts';
import { bold, colouredNotes, cyan, dim, print, printJson } from './terminal.ts';

interface Flags {
  readonly world?: string;
  readonly host: string;
  readonly port: number;
  readonly seed?: number;
  readonly json?: true;
}

export const sim = () =>
  new Command('sim')
    .description('The simulator alone: a provider in both dialects that needs no account.')
    .option('--world <file>', 'world file: models, prices, quotas and faults on a time line')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on; 0 takes any free one', port, 4005)
    .option('--seed <number>', 'same seed, same calls: same answers, latencies and faults', seedOf)
    .option('--json', 'print one JSON object when ready and one at the end')
    .action(run);

export function seedOf(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('a seed is a whole number from 0.');
  return value;
}

async function run(flags: Flags): Promise<void> {
  const clock = systemClock();
  const log = createLog({
    clock,
    coloured: colouredNotes,
    pretty: flags.json === undefined && process.stderr.isTTY === true,
    level: 'warn',
    write: (line) => process.stderr.write(line),
  });
  const { world, seed } = flags;
  const running = simulate({
    cwd: process.cwd(),
    host: flags.host,
    port: flags.port,
    clock,
    log,
    ...(world !== undefined && { world }),
    ...(seed !== undefined && { seed }),
  });
  if (flags.json) printJson({ event: 'ready', url: running.url });
  else print(banner(running.url, world));
  await untilSignal();
  const { requests, completions, microUsd } = running.totals();
  if (flags.json) printJson({ event: 'end', requests, completions, microUsd });
  else
    print(
      dim(
        `\n${plural(requests, 'request')}, ${plural(completions, 'answer')}${microUsd > 0 ? `, ${dollars(microUsd)} billed` : ''}`,
      ),
    );
  await running.stop();
}

const banner = (url: string, world: string | undefined): string =>
  [
    `${bold('Simulator')} at ${cyan(url)}${world === undefined ? '' : dim(`  world ${world}`)}`,
    dim('# OpenAI dialect'),
    `curl ${url}/v1/chat/completions -H 'content-type: application/json' -d '{"model":"gpt-5.5","messages":[{"role":"user","content":"What is 17*23?"}]}'`,
    dim('# Anthropic dialect, torn after three tokens'),
    `curl ${url}/v1/messages -H 'content-type: application/json' -H 'anthropic-version: 2023-06-01' -H 'x-sim-fault: cut;after=3' -d '{"model":"claude-opus-4-7","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"Hello"}]}'`,
  ].join('\n');
