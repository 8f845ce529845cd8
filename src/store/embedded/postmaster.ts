import { spawn } from 'node:child_process';
import type { Clock, Log } from '#contracts';
import type { Binaries } from './binaries.ts';
import type { Cluster } from './cluster.ts';
import { diagnose } from './diagnose.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { giveWay } from './priority.ts';
import { childEnvironment } from './run.ts';
import { baseSettings, settingArguments } from './settings.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One running Postgres server. */
export interface Postmaster {
  readonly pid: number;
  /** Settles when it has ended, for whatever reason. */
  readonly exited: Promise<Exit>;
  /** Ends connections, writes a checkpoint, exits; harder when that takes longer than half a minute. */
  stop(): Promise<void>;
}

export interface PostmasterOptions {
  readonly cluster: Cluster;
  readonly binaries: Binaries;
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Told as soon as the process exists, long before it is ready: recovery can take a while. */
  readonly onSpawn: (pid: number) => void;
  readonly log: Log;
}

/** Recovery reads at most `max_wal_size`; ten times what that takes on a slow disk. */
const START_MS = 180_000;
const FAST_STOP_MS = 30_000;
const LAST_WORDS = 40;

/** Starts a server and resolves when it accepts connections; rejects with the diagnosis when it does not. */
export async function startPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  const { cluster, binaries, clock, log } = options;
  const child = spawn(
    binaries.postgres,
    ['-D', cluster.name, '-p', String(options.port), ...settingArguments(baseSettings, options.settings)],
    {
      ...(cluster.account && { uid: cluster.account.uid, gid: cluster.account.gid }),
      cwd: cluster.folder,
      env: { ...childEnvironment },
      stdio: ['ignore', 'ignore', 'pipe'],
      // A session of its own: Ctrl-C in our terminal must not shut the database before the spool is flushed.
      detached: true,
    },
  );
  const lastWords: string[] = [];
  const exited = new Promise<Exit>((resolve) => {
    child.on('exit', (code, signal) => resolve({ code, signal }));
    child.on('error', (error) => {
      lastWords.push(error.message);
      resolve({ code: 127, signal: null });
    });
  });
  const ready = new Promise<'ready'>((resolve) => {
    readLines(child.stderr, (line) => {
      lastWords.push(line);
      if (lastWords.length > LAST_WORDS) lastWords.shift();
      if (line.includes('database system is ready to accept connections')) resolve('ready');
      report(line, log);
    });
  });
  if (child.pid !== undefined) {
    options.onSpawn(child.pid);
    void exited.then(giveWay(child.pid, clock));
  }

  const patience = new AbortController();
  const first = await Promise.race([ready, exited, clock.sleep(START_MS, patience.signal)]);
  patience.abort();
  if (first === undefined || child.pid === undefined) {
    child.kill('SIGQUIT');
    throw new EmbeddedPostgresError(
      'failed',
      `Postgres was not ready within ${START_MS / 1000} s.`,
      'Look at the load of the disk, then start Midwatch again; the recovery goes on where it stopped.',
    );
  }
  if (first !== 'ready') throw diagnose('Postgres ended while it started', lastWords);

  return {
    pid: child.pid,
    exited,
    async stop() {
      child.kill('SIGINT');
      const patience = new AbortController();
      const ended = await Promise.race([exited, clock.sleep(FAST_STOP_MS, patience.signal)]);
      patience.abort();
      if (ended === undefined) {
        log('warn', 'store.postgres.stop-forced', { pid: child.pid });
        child.kill('SIGQUIT');
        await exited;
      }
    },
  };
}

/** FATAL lines are left out: each ends one connection, and whoever held it was told. */
function report(line: string, log: Log): void {
  if (line.startsWith('PANIC:')) log('error', 'store.postgres.panic', { line });
  else if (line.includes('automatic recovery in progress')) log('debug', 'store.postgres.recovering');
}

function readLines(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') take(line);
  });
}
