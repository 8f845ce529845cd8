import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chatQuestion } from '../http/question.ts';
import { scratchFolder } from './cleanup.ts';
import { OTHER_CORE, on } from './cores.ts';

const SECONDS = 2;

/**
 * The same question asked by `wrk`, a generator in C that others trust, where it is installed: what our own generator
 * must keep up with. Answers a second, or undefined without `wrk`.
 */
export async function askWithWrk(port: number, connections: number): Promise<number | undefined> {
  const wrk = Bun.which('wrk');
  if (!wrk) return undefined;
  const request = Buffer.from(chatQuestion({ port, headers: {} }).numbered(0)).toString();
  const { path: folder, remove } = scratchFolder();
  const script = join(folder, 'post.lua');
  writeFileSync(
    script,
    `wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\nwrk.body = [==[${request.slice(request.indexOf('\r\n\r\n') + 4)}]==]\n`,
  );
  try {
    const child = Bun.spawn(
      on(OTHER_CORE, [
        wrk,
        '-t1',
        `-c${connections}`,
        `-d${SECONDS}s`,
        '-s',
        script,
        `http://127.0.0.1:${port}/v1/chat/completions`,
      ]),
      { stdout: 'pipe', stderr: 'ignore' },
    );
    const said = await new Response(child.stdout).text();
    const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(said)?.[1]);
    return Number.isFinite(perSecond) ? perSecond : undefined;
  } finally {
    await remove();
  }
}
