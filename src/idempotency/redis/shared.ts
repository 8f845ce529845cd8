import type { Clock, Log } from '#contracts';
import { sha256 } from '#kernel';
import type { Claim, SharedAnswers, Tale } from '../shared.ts';
import { Line } from './line.ts';
import { CLAIM, HEAR, LISTEN } from './scripts.ts';
import { LEASE_MS, listeningTo, Telling } from './telling.ts';
import { read } from './words.ts';

export interface SharedOptions {
  readonly url: string;
  /** Before every key, as the ledger's. In braces, so that a cluster keeps a claim and its words in one slot. */
  readonly prefix?: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Looked for new words so often: at once after some, and ever more seldom while none come. */
const LOOK_MS = 25;
const SELDOM_MS = 100;
const MOST_WORDS = 512;
/** Whoever listens says so more often than it is forgotten. */
const LISTENS_MS = 1_000;
const LISTENED_MS = 3_000;

/** Redis or Valkey as the place where replicas claim keys and tell answers. A call without a key never comes here. */
export function createSharedAnswers({
  url,
  prefix = '{midwatch}',
  clock,
  log,
}: SharedOptions): SharedAnswers {
  const telling = new Set<Telling>();
  const line = new Line(url, clock, log, () => {
    for (const one of telling) void one.flush();
  });

  const taleOf = (claim: string, words: string, token: string): Tale => {
    let at = 0;
    let pause = 0;
    const listen = () =>
      void line.run(LISTEN, [listeningTo(words)], [String(LISTENED_MS)]).catch(() => undefined);
    listen();
    const leave = clock.every(LISTENS_MS, listen);
    return {
      leave,
      async next(signal) {
        while (!signal.aborted) {
          if (pause > 0) await clock.sleep(pause, signal);
          const range = [String(at), String(at + MOST_WORDS - 1)];
          const heard = await line.run(HEAR, [claim, words], [token, ...range]).catch(() => null);
          if (!Array.isArray(heard)) return 'gone';
          at += heard.length;
          pause = heard.length > 0 ? LOOK_MS : Math.min(SELDOM_MS, Math.max(LOOK_MS, pause * 1.5));
          if (heard.length > 0) return heard.map((word) => read(String(word)));
        }
        return 'gone';
      },
    };
  };

  return {
    async claim(name, fingerprint): Promise<Claim> {
      // The number is that of the layout: replicas of two versions do not read each other.
      const claim = `${prefix}:once1:${sha256(name)}`;
      const token = Buffer.from(clock.randomBytes(12)).toString('hex');
      const tellerOf = (): Telling => {
        const teller: Telling = new Telling(
          line,
          clock,
          [claim, `${claim}:${token}`],
          [fingerprint, token],
          () => telling.delete(teller),
        );
        telling.add(teller);
        return teller;
      };
      let there: unknown;
      try {
        there = await line.run(CLAIM, [claim], [fingerprint, token, String(LEASE_MS)]);
      } catch {
        return { is: 'away', teller: tellerOf() };
      }
      if (!Array.isArray(there)) return { is: 'mine', teller: tellerOf() };
      const [asked, theirs, state] = there as readonly string[];
      if (asked !== fingerprint) return { is: 'other' };
      return {
        is: 'theirs',
        over: state === 'over',
        tale: taleOf(claim, `${claim}:${theirs}`, String(theirs)),
      };
    },
    async close() {
      await Promise.all([...telling].map((one) => one.flush()));
      line.close();
    },
  };
}
