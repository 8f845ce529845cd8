import { anywhere, on } from './cores.ts';

export interface Child {
  readonly pid: number;
  /** The first line it wrote that `ready` accepted. */
  readonly line: string;
  /** What it wrote to standard error so far. */
  log(): string;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface ChildOptions {
  /** Absent: any core. */
  readonly core?: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly ready: (line: string) => boolean;
}

const running = new Set<Bun.Subprocess>();

/** Starts a server and waits for the line by which it says that it is ready. @throws Error with its last words. */
export async function startChild(command: readonly string[], options: ChildOptions): Promise<Child> {
  const { OPENAI_API_KEY: _o, ANTHROPIC_API_KEY: _a, DATABASE_URL: _d, ...env } = process.env;
  const child = Bun.spawn(options.core === undefined ? anywhere(command) : on(options.core, command), {
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    env: { ...env, ...options.env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  running.add(child);
  let log = '';
  void drain(child.stderr, (text) => {
    log = (log + text).slice(-20_000);
  });
  const line = await new Promise<string | undefined>((resolve) => {
    let text = '';
    let found = false;
    // Read to the end even after the line: a full pipe would stop the child.
    drain(child.stdout, (part) => {
      if (found) return;
      text += part;
      const line = text.split('\n').slice(0, -1).find(options.ready);
      if (line === undefined) return;
      found = true;
      resolve(line);
    }).finally(() => resolve(undefined));
  });
  if (line === undefined)
    throw new Error(
      `${command.join(' ')} ended with code ${await child.exited} before it was ready:\n${log}`,
    );
  return {
    pid: child.pid,
    line,
    log: () => log,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await child.exited;
      running.delete(child);
    },
  };
}

/** Ends what this bench started and has not yet ended: after an error, or when it is interrupted. */
export async function stopAll(): Promise<void> {
  await Promise.all(
    [...running].map((child) => {
      child.kill('SIGTERM');
      return child.exited;
    }),
  );
  running.clear();
}

async function drain(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const part of stream) take(decoder.decode(part, { stream: true }));
}
