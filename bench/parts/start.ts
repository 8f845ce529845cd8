import { median } from '../load/samples.ts';
import type { Context, Part, PartResult } from '../part.ts';
import { spread, table } from '../report/table.ts';
import { startChild } from '../rig/child.ts';
import { scratchFolder } from '../rig/cleanup.ts';
import { startUpstream } from '../rig/contenders.ts';
import { COMMAND, writeConfig } from '../rig/midwatch.ts';
import { ports } from '../rig/ports.ts';

interface Start {
  /** Seconds from the command to its word that everything is ready, Postgres included. */
  readonly ready: number;
  /** Seconds until the first chat completion was answered. */
  readonly answered: number;
}

export const start: Part = {
  name: 'start',
  title: 'Cold start of `midwatch up`, embedded Postgres included',
  async run({ quick, say }: Context): Promise<PartResult> {
    const upstream = await startUpstream();
    const first: Start[] = [];
    const later: Start[] = [];
    for (let round = 0; round < (quick ? 2 : 5); round++) {
      const { path: folder, remove } = scratchFolder();
      writeConfig(folder, ports.upstream);
      first.push(await once(folder));
      later.push(await once(folder));
      await remove();
      say(
        `round ${round + 1}: first ${first.at(-1)?.ready.toFixed(2)} s, after ${later.at(-1)?.ready.toFixed(2)} s`,
      );
    }
    await upstream.stop();
    const row = (name: string, starts: readonly Start[]) => [
      name,
      spread(
        starts.map((s) => s.answered),
        median,
      ),
      spread(
        starts.map((s) => s.ready),
        median,
      ),
    ];
    const [cold, warm] = [median(first.map((s) => s.ready)), median(later.map((s) => s.ready))];
    return {
      text: [
        table(
          ['seconds from the command', 'first answer to a chat completion', 'ready'],
          [row('first start, empty folder', first), row('start on a used folder', later)],
        ),
        '',
        `Whole machine, not pinned; programs are in the page cache. Ready: keys, database and schema stand; on loopback callers are served before. ${first.length} rounds.`,
      ].join('\n'),
      verdicts: [
        { promise: 'first start ≤ 3 s', measured: `${cold.toFixed(2)} s`, kept: cold <= 3 },
        { promise: 'later start ≤ 1.5 s', measured: `${warm.toFixed(2)} s`, kept: warm <= 1.5 },
      ],
    };
  },
};

async function once(folder: string): Promise<Start> {
  const began = performance.now();
  const since = () => (performance.now() - began) / 1_000;
  let starting = true;
  const answered = (async () => {
    while (starting) {
      const response = await fetch(`http://127.0.0.1:${ports.midwatch}/v1/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Are you up?' }] }),
      }).catch(() => undefined);
      await response?.arrayBuffer();
      if (response?.status === 200) return since();
      await Bun.sleep(5);
    }
    return Number.NaN;
  })();
  const child = await startChild([COMMAND, 'up', '--json', '--port', String(ports.midwatch)], {
    cwd: folder,
    ready: (line) => line.startsWith('{'),
  });
  const ready = since();
  // Whoever is ready answers; half a second is for a last try that was under way.
  await Promise.race([answered, Bun.sleep(500)]);
  starting = false;
  await child.stop();
  return { ready, answered: await answered };
}
