import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMidwatch, type Midwatch } from '#sdk';

const MIDWATCH = join(import.meta.dir, '..', '..', 'bin', 'midwatch');

export interface Product {
  readonly url: string;
  readonly token: string;
  readonly folder: string;
  readonly pid: number;
  readonly api: Midwatch;
  /** Everything it wrote to standard error so far. */
  log(): string;
  /** Ends it as a supervisor would and waits; returns the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number>;
  /** Starts again on the same folder (after `stop`, or a kill). */
  again(more?: ProductOptions): Promise<Product>;
  remove(): void;
  /** What `midwatch doctor` finds, worst first. */
  doctor(): Promise<readonly DoctorFinding[]>;
}

export interface DoctorFinding {
  readonly level: 'bad' | 'unknown' | 'warn' | 'note' | 'good';
  readonly area: string;
  readonly what: string;
}

export interface ProductOptions {
  /** Text of midwatch.yaml; without it the simulator answers. */
  readonly config?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly flags?: readonly string[];
  /** Command that becomes the product, for instance one that changes its limits first. */
  readonly under?: readonly string[];
}

/** The whole product as a user starts it: the real command, its own process, its own Postgres. */
export async function product(options: ProductOptions = {}): Promise<Product> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'midwatch-story-'));
  if (options.config !== undefined) writeFileSync(join(folder, 'midwatch.yaml'), options.config);
  const { OPENAI_API_KEY: _o, ANTHROPIC_API_KEY: _a, DATABASE_URL: _d, ...env } = process.env;
  const child = Bun.spawn(
    [...(options.under ?? []), MIDWATCH, 'up', '--json', '--port', '0', ...(options.flags ?? [])],
    {
      cwd: folder,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      env: { ...env, ...options.env },
    },
  );
  let log = '';
  void (async () => {
    for await (const part of child.stderr) log += new TextDecoder().decode(part);
  })();
  const ready = await firstLine(child.stdout);
  if (ready === undefined)
    throw new Error(`midwatch did not start (exit code ${await child.exited}):\n${log}`);
  const { url, adminToken } = JSON.parse(ready) as { url: string; adminToken?: string };
  const token = adminToken ?? tokens.get(folder) ?? '';
  tokens.set(folder, token);
  return {
    url,
    token,
    folder,
    pid: child.pid,
    api: createMidwatch({ baseUrl: url, token }),
    log: () => log,
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return child.exited;
    },
    again: (more = {}) => product({ ...options, ...more, folder }),
    async doctor() {
      const asked = Bun.spawn([MIDWATCH, 'doctor', '--json', '--url', url, '--token', token], {
        cwd: folder,
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'inherit',
        env,
      });
      const said = JSON.parse(await new Response(asked.stdout).text()) as { findings: DoctorFinding[] };
      return said.findings;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Shown at the first start only, so the test remembers. */
const tokens = new Map<string, string>();

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string | undefined> {
  let text = '';
  for await (const part of stream) {
    text += new TextDecoder().decode(part);
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
  }
  return undefined;
}

/** Looks again and again until `look` gives something; a story waits for facts, not for time. */
export async function until<T>(
  look: () => Promise<T | undefined | false>,
  what: string,
  ms = 20_000,
): Promise<T> {
  const end = performance.now() + ms;
  let refusal: unknown;
  for (;;) {
    // A question that cannot be answered yet is asked again; the last refusal is the reason given in the end.
    const found = await look().catch((error: unknown) => {
      refusal = error;
      return undefined;
    });
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`waited ${ms} ms for ${what}`, { cause: refusal });
    await Bun.sleep(50);
  }
}
