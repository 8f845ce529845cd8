import { isOver, type Outgoing, type Run, type RunEvent } from '#contracts';
import { writeEvent } from './events.ts';
import type { Journal } from './journal.ts';
import type { RunPorts } from './ports.ts';
import { RUN_LINE, stateIn } from './view.ts';

/** A comment so often keeps proxies from taking a thinking model for a dead connection. */
const HEARTBEAT = 5_000;
/** How often to look for lines that another process wrote. */
const LOOK = 1_000;
const PAGE = 500;

const HEAD = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
} as const;

/**
 * Tells what happens in a run, each line once and in order, beginning after `seq`. Lines come out of the database alone, so
 * a watcher that comes back to another process, or after a crash, goes on exactly where it left off.
 */
export async function follow(
  { clock, store }: Pick<RunPorts, 'clock' | 'store'>,
  journal: Journal,
  run: Run,
  seq: number,
  outgoing: Outgoing,
): Promise<void> {
  const first = await store.events(run.id, seq, PAGE);
  // Everything is told: 204 is how a server asks an EventSource not to come back.
  if (first.length === 0 && isOver(run.state)) return outgoing.send(204, {}, '');
  let left = false;
  let news = false;
  let wake: () => void = () => undefined;
  const hear = () => {
    news = true;
    wake();
  };
  const stops = [
    journal.watch(run.id, hear),
    clock.every(LOOK, hear),
    clock.every(HEARTBEAT, () => {
      outgoing.write(': still here\n\n');
    }),
  ];
  const leave = () => {
    left = true;
    wake();
  };
  outgoing.onLeft = leave;
  let room = true;
  outgoing.onDrain = () => {
    room = true;
    wake();
  };
  const until = async (ready: () => boolean): Promise<void> => {
    while (!ready() && !left)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  };

  outgoing.begin(200, HEAD);
  let at = seq;
  let lines: readonly RunEvent[] = first;
  try {
    for (;;) {
      for (const { seq, name, data } of lines) {
        await until(() => room);
        if (left) return;
        room = outgoing.write(writeEvent(seq, name, data));
        at = seq;
        const state = name === RUN_LINE ? stateIn(data) : undefined;
        if (state !== undefined && isOver(state)) return outgoing.end();
      }
      if (lines.length < PAGE) await until(() => news);
      if (left) return;
      news = false;
      lines = await store.events(run.id, at, PAGE);
    }
  } catch {
    // The database is away: the watcher comes back by itself and goes on after the last line it has.
    outgoing.break();
  } finally {
    for (const stop of stops) stop();
  }
}
