import type { CassetteProof, CassetteRound, CassetteStore, Clock, Log } from '#contracts';
import type { CheckReport } from './check.ts';
import { proofsOf, roundOf } from './proofs.ts';

/** `cassettes.verify:` of the configuration. */
export interface RoundSettings {
  readonly folder: string;
  /** Milliseconds. */
  readonly every: number;
  readonly sample: number;
  readonly maxUsd: number;
}

export interface RoundPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: CassetteStore;
  /** Tells one replica from another. */
  readonly by: string;
  /** Undefined: nothing is asked. */
  readonly settings: () => RoundSettings | undefined;
  /** Asks a sample again; `keys` are all that are in the folder. */
  readonly verify: (
    settings: RoundSettings,
  ) => Promise<{ readonly report: CheckReport; readonly keys: readonly string[] }>;
  /** Leaves what was learnt beside the cassettes, where it can be read without a database. */
  readonly keep: (
    settings: RoundSettings,
    round: CassetteRound,
    proofs: readonly CassetteProof[],
    keys: readonly string[],
  ) => void;
}

/** How late a round may be: a week is not counted in seconds. */
const LOOK = 60_000;
const FIRST = 2_000;
/** Who is silent for so long has died over it. */
const HOLD = 600_000;
/** Until a round that learnt nothing, since the provider was away or nothing is recorded yet, is tried again. */
const AGAIN = 86_400_000;

/**
 * Asks recorded questions again from time to time. Whether a round is due is asked of the database alone: so one replica of all
 * does it, one that was missed while everything stood still is made up for at the next start, and a restart repeats none.
 */
export function startRounds(ports: RoundPorts): () => void {
  const { clock, log, store, by } = ports;
  let running = false;
  let stopped = false;
  let release: () => void = () => undefined;

  const round = async (settings: RoundSettings): Promise<void> => {
    const { folder, every } = settings;
    const at = clock.now();
    if (!(await store.claim(folder, by, at, { every, hold: HOLD }))) return;
    release = clock.every(LOOK, () => {
      // Should the database be away, the claim itself holds for ten minutes.
      store
        .hold(folder, by, clock.now() + HOLD)
        .catch((error: unknown) => log('debug', 'a round is not held', { error: String(error) }));
    });
    try {
      const { report, keys } = await ports.verify(settings);
      // Cut short by our own end, it knows less than it was paid for: whoever comes next does it whole.
      if (stopped) return;
      const done = roundOf(report, keys.length, at);
      const proofs = proofsOf(report, at);
      const learnt = done.known > 0;
      await store.finish(folder, by, {
        round: done,
        proofs,
        keys,
        ...(!learnt && { again: at + Math.min(every, AGAIN) }),
      });
      const { drifted, sampled, of, skipped, microUsd, says } = done;
      log(drifted > 0 ? 'warn' : 'info', 'cassettes asked again', {
        folder,
        sampled,
        of,
        skipped,
        microUsd,
        says,
      });
      if (learnt) ports.keep(settings, done, proofs, keys);
    } finally {
      release();
    }
  };

  const look = (): void => {
    const settings = ports.settings();
    if (!settings || running) return;
    running = true;
    round(settings)
      .catch((error: unknown) => log('warn', 'cassettes could not be asked again', { error: String(error) }))
      .finally(() => {
        running = false;
      });
  };
  const stops = [clock.after(FIRST, look), clock.every(LOOK, look)];
  return () => {
    stopped = true;
    release();
    for (const stop of stops) stop();
  };
}
