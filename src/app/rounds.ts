import { keepProofs, nodeCassetteFiles, startRounds } from '#cassettes';
import type { CassetteView, Clock, Config, Log, Store } from '#contracts';
import { openCassettes } from './cassettes.ts';

interface Given {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store['cassettes'];
  /** Tells one replica from another. */
  readonly by: string;
  readonly config: () => Config;
}

/** Recorded questions that are asked again by themselves, where the configuration wants it; the returned function ends that. */
export function startCassetteRounds({ clock, log, store, by, config }: Given): () => void {
  let close: () => void = () => undefined;
  const stop = startRounds({
    clock,
    log,
    store,
    by,
    settings: () => config().cassettes.verify,
    async verify({ folder, sample, maxUsd }) {
      // Opened anew: what was recorded since the last round belongs to it.
      const desk = openCassettes(folder, config(), clock);
      close = desk.close;
      try {
        // A share of 1 is all of them; a check reads it as one cassette.
        const report = await desk.verify(sample === 1 ? Number.MAX_SAFE_INTEGER : sample, maxUsd * 1e6);
        return { report, keys: desk.rack.list().map(({ key }) => key) };
      } finally {
        desk.close();
      }
    },
    keep({ folder }, round, proofs, keys) {
      try {
        keepProofs(nodeCassetteFiles(folder), round, proofs, keys);
      } catch (error) {
        // A folder that may only be read is no reason to lose what the database has.
        log('info', 'proofs are kept in the database alone', { folder, error: String(error) });
      }
    },
  });
  return () => {
    stop();
    close();
  };
}

/** Rows that a person reads. */
const SHOWN = 200;

export async function describeRounds(store: Store['cassettes'], config: Config): Promise<CassetteView> {
  const { verify } = config.cassettes;
  const known = verify && (await store.read(verify.folder, SHOWN));
  if (!verify) return { proofs: [] };
  return {
    verify,
    proofs: known?.proofs ?? [],
    ...(known?.round && { round: known.round }),
    ...(known && { next: Math.max(known.heldUntil, (known.learntAt ?? 0) + verify.every) }),
  };
}
