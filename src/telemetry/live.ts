import type { ExchangeFacts, LiveFeed } from '#contracts';
import { messageOf } from './message.ts';
import { createRedactor } from './redact/redactor.ts';
import type { BodyRedactor } from './redact/types.ts';
import { maskFacts } from './spool/prepare.ts';

export interface LiveOptions {
  readonly redactor?: BodyRedactor;
  /** Most exchanges passed on in one second of event time; the eye cannot follow more, and each costs the gateway's thread. */
  readonly perSecond?: number;
  /** Most listeners at once; one more is refused with an error. */
  readonly listeners?: number;
  /** Told once of a listener that threw; it hears nothing more. */
  readonly onBroken?: (reason: string) => void;
}

/**
 * Passes exchanges on to whoever watches, masked as a record would be. Best effort: what exceeds the rate is left out.
 * Without listeners `publish` is one comparison. Time is taken from the exchanges, so the feed owns no clock.
 */
export function createLiveFeed(options: LiveOptions = {}): LiveFeed {
  const { redactor = createRedactor(), perSecond = 500, listeners: most = 256, onBroken } = options;
  const listeners = new Set<(exchange: ExchangeFacts) => void>();
  let second = 0;
  let passed = 0;

  return {
    publish(facts) {
      if (listeners.size === 0) return;
      const now = Math.floor((facts.at + facts.timing.total) / 1_000);
      if (now !== second) {
        second = now;
        passed = 0;
      }
      if (passed >= perSecond) return;
      passed++;
      const masked = maskFacts(facts, redactor);
      for (const listener of listeners) {
        try {
          listener(masked);
        } catch (error) {
          listeners.delete(listener);
          onBroken?.(messageOf(error));
        }
      }
    },
    subscribe(listener) {
      if (listeners.size >= most) throw new RangeError(`at most ${most} may watch at once`);
      // A function of its own for each subscription: the same listener subscribed twice must be heard twice and leave once.
      const own = (facts: ExchangeFacts) => listener(facts);
      listeners.add(own);
      return () => listeners.delete(own);
    },
  };
}
