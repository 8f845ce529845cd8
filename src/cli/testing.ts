import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAIN = join(import.meta.dir, 'main.ts');

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly cwd?: string;
}

/** A folder of its own, and the command line in it as a pipe sees it: a real process, nobody's settings. */
export function workplace() {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-cli-'));
  const env = (more: Readonly<Record<string, string>> = {}) => ({
    PATH: process.env.PATH ?? '',
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, 'xdg'),
    TZ: 'UTC',
    ...more,
  });
  const spawn = (args: readonly string[], { env: more, stdin, cwd = folder }: RunOptions = {}) =>
    Bun.spawn([process.execPath, MAIN, ...args], {
      cwd,
      env: env(more),
      stdin: stdin === undefined ? 'ignore' : new Blob([stdin]),
      stdout: 'pipe',
      stderr: 'pipe',
    });
  return {
    folder,
    spawn,
    async mw(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
      const child = spawn(args, options);
      const [out, err, code] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ]);
      return { code, out, err };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Lines as they come. */
export async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true });
    const whole = rest.split('\n');
    rest = whole.pop() ?? '';
    yield* whole;
  }
}
