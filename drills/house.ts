import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MIDWATCH = join(import.meta.dir, '..', 'bin', 'midwatch');

/** The product in a process of its own, with a database of its own, at one address however often it is killed. */
export interface House {
  readonly url: string;
  /** It has said that it is ready, and nobody has killed it since. */
  readonly up: boolean;
  /** As a power cut would: no signal handler, no last word. */
  kill(): Promise<void>;
  again(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** @throws Error with what it said, when it does not start. */
export async function openHouse(config: string): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-drill-'));
  writeFileSync(join(folder, 'midwatch.yaml'), config);
  const start = async (port: string) => {
    // Somebody's own database is no place for a rehearsal.
    const { DATABASE_URL: _, ...env } = process.env;
    const child = Bun.spawn([MIDWATCH, 'up', '--json', '--port', port], {
      cwd: folder,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: Bun.file(join(folder, 'log')),
      env,
    });
    const ready = await firstLine(child.stdout);
    if (ready !== undefined) return { child, url: (JSON.parse(ready) as { url: string }).url };
    const code = await child.exited;
    throw new Error(
      `midwatch did not start (exit code ${code}):\n${await Bun.file(join(folder, 'log')).text()}`,
    );
  };
  let { child, url } = await start('0');
  let up = true;
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return child.exited;
  };
  return {
    url,
    get up() {
      return up;
    },
    async kill() {
      up = false;
      await end('SIGKILL');
    },
    async again() {
      ({ child } = await start(new URL(url).port));
      up = true;
    },
    async stop() {
      await end('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const part of stream) {
    text += decoder.decode(part, { stream: true });
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
  }
  return undefined;
}
