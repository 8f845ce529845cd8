import { basename } from 'node:path';
import { undoLater } from './cleanup.ts';
import { anywhere, on } from './cores.ts';

export interface Child {
  readonly pid: number;
  /** The first line it wrote that `ready` accepted. */
  readonly line: string;
  stop(): Promise<void>;
}

export interface ChildOptions {
  /** Absent: any core. */
  readonly core?: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly ready: (line: string) => boolean;
}

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
  const stop = undoLater(async () => {
    child.kill('SIGTERM');
    await child.exited;
  });
  let log = '';
  void drain(child.stderr, (text) => {
    log = (log + text).slice(-LAST_WORDS);
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
  if (line !== undefined) return { pid: child.pid, line, stop };
  const name = command.slice(0, 2).map((word) => basename(word));
  throw new Error(`${name.join(' ')} ended with code ${await child.exited} before it was ready\n${log}`);
}

const LAST_WORDS = 20_000;

async function drain(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const part of stream) take(decoder.decode(part, { stream: true }));
}
