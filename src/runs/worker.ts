import type { ClaimedRun } from '#contracts';
import { type Execution, execute } from './execute.ts';
import type { Journal } from './journal.ts';
import type { RunPorts } from './ports.ts';
import { stateLine } from './view.ts';

/** A worker that is silent for so long has lost its runs to others. */
const LEASE = 10_000;
const RENEW = 3_000;
/** How often to look for runs that others left; own ones are taken up at once. */
const LOOK = 2_000;
const SWEEP = 60_000;
/** For ends that are known already to be written down, milliseconds. */
const LAST_WORDS = 2_000;

export interface Worker {
  /** Takes up what this worker held before a crash, then whatever comes. */
  start(): Promise<void>;
  /** There may be something to take up. */
  kick(): void;
  cancel(run: string): void;
  /** Takes up nothing more; what is under way may come to its end. */
  quiesce(): void;
  /** Gives up what is still under way and frees it for whoever comes next. */
  stop(): Promise<void>;
  readonly active: number;
}

/** `ended` is called whenever a run may have come to its end. */
export function createWorker(ports: RunPorts, journal: Journal, ended: () => void): Worker {
  const { clock, store, log, worker, settings } = ports;
  const byPath = new Map(ports.protocols.map((p) => [`/v1${p.path}`, p]));
  const active = new Map<string, Execution>();
  const timers: (() => void)[] = [];
  let begun = false;
  let stopping = false;
  let looking: Promise<void> | undefined;
  let lookAgain = false;

  const take = (claimed: ClaimedRun): void => {
    const protocol = byPath.get(claimed.run.endpoint);
    // Unreachable as long as endpoints are checked on the way in and none is ever taken away.
    if (!protocol) {
      log('error', 'a run for an endpoint nobody serves', { run: claimed.run.id });
      return;
    }
    const { id } = claimed.run;
    const execution = execute(
      {
        ...ports,
        journal,
        protocol,
        stopping: () => stopping,
        over: () => {
          if (active.get(id) === execution) active.delete(id);
          ended();
          look();
        },
      },
      claimed,
    );
    active.set(id, execution);
  };

  const claim = async (): Promise<void> => {
    for (;;) {
      lookAgain = false;
      const room = settings().concurrency - active.size;
      if (stopping || room <= 0) return;
      const claimed = await store.claim(worker, LEASE, room, [...active.keys()]);
      for (const one of claimed) take(one);
      if (!lookAgain && claimed.length < room) return;
    }
  };

  const look = (): void => {
    lookAgain = true;
    // Submissions come in before the start is over; what they take up by then, it would free again, to be asked a second time.
    if (!begun || stopping) return;
    looking ??= claim()
      .catch((error: unknown) => log('debug', 'runs cannot be looked for', { error: String(error) }))
      .finally(() => {
        looking = undefined;
      });
  };

  const renew = async (): Promise<void> => {
    const ids = [...active.keys()];
    if (ids.length === 0) return;
    const held = await store.renew(worker, LEASE, ids);
    for (const id of ids) {
      const mine = held.get(id);
      if (!mine) active.get(id)?.giveUp();
      else if (mine.cancelling) active.get(id)?.cancel();
    }
  };

  /** As exact as others are taken up: who may still say yes is told by a clock, and not by how busy we are. */
  const lapse = async (): Promise<void> => {
    const at = clock.now();
    const trouble = 'Nobody approved it in time.';
    const lapsed = await store.lapse(at, trouble, stateLine({ state: 'expired', at, trouble }));
    for (const id of lapsed) journal.changed(id);
    if (lapsed.length === 0) return;
    log('info', 'runs that nobody approved', { expired: lapsed.length });
    ended();
  };

  const sweep = async (): Promise<void> => {
    const { keep, expire } = settings();
    const at = clock.now();
    const { forgotten, expired } = await store.sweep({
      endedBefore: at - keep,
      queuedBefore: at - expire,
      at,
      event: stateLine({ state: 'expired', at }),
    });
    if (forgotten + expired > 0) log('info', 'runs swept', { forgotten, expired });
  };

  const quietly = (work: () => Promise<void>, what: string) => () =>
    void work().catch((error: unknown) => log('debug', what, { error: String(error) }));

  return {
    get active() {
      return active.size;
    },
    async start() {
      await store.release(worker);
      begun = true;
      timers.push(
        clock.every(LOOK, look),
        clock.every(RENEW, quietly(renew, 'leases of runs could not be renewed')),
        clock.every(LOOK, quietly(lapse, 'runs that await approval could not be looked for')),
        clock.every(SWEEP, quietly(sweep, 'runs could not be swept')),
      );
      look();
    },
    kick: look,
    cancel: (run) => active.get(run)?.cancel(),
    quiesce() {
      stopping = true;
    },
    async stop() {
      stopping = true;
      for (const cancel of timers.splice(0)) cancel();
      await looking;
      for (const execution of [...active.values()]) if (!execution.ending) execution.giveUp();
      for (let waited = 0; active.size > 0 && waited < LAST_WORDS; waited += 20) await clock.sleep(20);
      for (const execution of [...active.values()]) execution.giveUp();
      await store
        .release(worker)
        .catch((error: unknown) =>
          log('warn', 'runs not freed, their leases lapse', { error: String(error) }),
        );
    },
  };
}
