import type { Clock, Evidence, Log } from '#contracts';
import type { ProofsSnapshot } from '#gateway';
import { createBoard } from '#replicas';
import type { SteeringState } from './steering.ts';

/** All books that gateways keep together. */
export interface Books extends SteeringState {
  /** Absent in what an earlier version tells. */
  readonly proofs?: ProofsSnapshot;
}

/** Words of one gateway that were told together, counted from its start. */
interface Batch {
  readonly seq: number;
  readonly words: readonly Evidence[];
}
interface Message {
  /** One life of one gateway. */
  readonly boot: string;
  readonly batches: readonly Batch[];
  /** It has just begun, and asks for what the others know. */
  readonly wants?: true;
  readonly knows?: Knows;
}
/** All that one knows, for one that has just begun. */
interface Knows {
  readonly to: string;
  readonly state: Books;
  /** Up to where it has heard everybody, itself included. */
  readonly heard: readonly (readonly [boot: string, seq: number])[];
}

export interface EvidenceOptions {
  readonly url: string;
  readonly replica: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly hear: (evidence: Evidence) => void;
  /** Plain data. */
  readonly state: () => Books;
  readonly adopt: (state: Books) => void;
}

/** Who has just begun waits so long for what the others know; then he is the first. */
const ASKS_MS = 3_000;
/** A batch is closed with so many words, or when it is told. */
const WORDS = 500;
/** Batches told in vain while Redis is away: a hundred thousand words and more. */
const MOST_UNTOLD = 400;
/** In one message. */
const MOST_AT_ONCE = 10;
/** Messages that Redis keeps; whoever hears them hears them at once. */
const KEPT = 500;

/**
 * Ramps, routers and proofs of several gateways keep the same books: each tells what it has seen, and counts what the others tell. What
 * could not be told is told when Redis is back, and what is heard twice is counted once. Who begins goes on where another stands.
 */
export function openEvidence({ url, replica, clock, log, hear, state, adopt }: EvidenceOptions): {
  tell(evidence: Evidence): void;
  stop(): Promise<void>;
} {
  const boot = Buffer.from(clock.randomBytes(8)).toString('hex');
  const heardUpTo = new Map<string, number>();
  let seq = 0;
  let words: Evidence[] = [];
  let untold: Batch[] = [];
  let telling = 0;
  const wanted = new Set<string>();
  let telledTo: readonly string[] = [];
  /** What was seen and heard since the start, while it is not known where the others stand. */
  let early: (Batch & { readonly boot: string })[] | undefined = [];
  let asksSince: number | undefined;

  const gather = (): void => {
    if (words.length === 0) return;
    const batch = { seq: ++seq, words };
    words = [];
    untold.push(batch);
    early?.push({ boot, ...batch });
    if (untold.length <= MOST_UNTOLD) return;
    untold = untold.slice(-MOST_UNTOLD);
    log('warn', 'evidence.lost', {
      says: 'Redis was away for so long that other gateways miss what was seen here',
    });
  };
  const asks = (): boolean => {
    if (!early) return false;
    asksSince ??= clock.monotonic();
    if (clock.monotonic() - asksSince < ASKS_MS) return true;
    early = undefined;
    return false;
  };
  const begin = ({ state, heard }: Knows): void => {
    const before = early ?? [];
    early = undefined;
    adopt(state);
    const known = new Map(heard);
    for (const [name, at] of known)
      if (name !== boot) heardUpTo.set(name, Math.max(at, heardUpTo.get(name) ?? 0));
    for (const batch of before)
      if (batch.seq > (known.get(batch.boot) ?? 0)) for (const one of batch.words) hear(one);
  };

  const board = createBoard({
    url,
    subject: 'steering',
    before: 0,
    kept: KEPT,
    replica,
    clock,
    // The board of the targets says already when Redis goes and comes.
    log: () => undefined,
    news(all): Message | undefined {
      gather();
      const asking = asks();
      const some = untold.slice(0, MOST_AT_ONCE);
      telling = some.length;
      telledTo = [...wanted];
      const [to] = early ? [] : telledTo;
      if (telling === 0 && to === undefined && !(all && asking)) return undefined;
      return {
        boot,
        batches: some,
        ...(asking && all && { wants: true as const }),
        ...(to !== undefined && { knows: { to, state: state(), heard: [...heardUpTo, [boot, seq]] } }),
      };
    },
    said() {
      untold.splice(0, telling);
      const [to] = telledTo;
      if (to !== undefined && !early) wanted.delete(to);
    },
    heard(said, from) {
      try {
        take(said as Message);
      } catch (error) {
        // A replica of another version, while one after the other is replaced.
        log('debug', 'evidence.not_understood', { from, error: String(error) });
      }
    },
  });

  function take({ boot: theirs, batches, wants, knows }: Message): void {
    for (const batch of batches) {
      if (batch.seq <= (heardUpTo.get(theirs) ?? 0)) continue;
      heardUpTo.set(theirs, batch.seq);
      early?.push({ boot: theirs, ...batch });
      for (const one of batch.words) hear(one);
    }
    if (wants) wanted.add(theirs);
    if (knows?.to === boot && early) begin(knows);
    // One answer is enough.
    else if (knows) wanted.delete(knows.to);
  }

  return {
    tell(evidence) {
      words.push(evidence);
      if (words.length >= WORDS) gather();
    },
    stop: () => board.stop(),
  };
}
