import type { Clock, Evidence, TellEvidence } from '#contracts';
import type { Gateway, ProofsSnapshot, Sighting } from '#gateway';
import type { ThreadNews } from './threads/news.ts';

export interface ProofsAbroadOptions {
  readonly gateway: Pick<Gateway, 'proofs'>;
  readonly clock: Clock;
  readonly tell: TellEvidence;
  /** To the other threads of this process. */
  readonly toThreads: (news: Partial<ThreadNews>) => void;
}

/** As often as replicas tell each other how targets stand. */
const LOOK_MS = 50;
/** All that a house knows is told when it has begun, and again so often: who has missed some goes on where another stands. */
const BEGUN_MS = 5_000;
const AGAIN_MS = 600_000;

/** Every house that shares a Redis knows of a fallback what all have seen of it. */
export function shareProofs({ gateway: { proofs }, clock, tell, toThreads }: ProofsAbroadOptions): {
  hear(evidence: Evidence): void;
  adopt(snapshot: ProofsSnapshot): void;
  stop(): void;
} {
  const say = (seen: Sighting) => {
    const plan = (seen.edge ?? seen.shown)?.contract ?? seen.known?.state.exercised.contract ?? '';
    tell({ of: 'fallback', route: seen.route, plan, word: seen });
  };
  const look = () => proofs.tellAbroad().forEach(say);
  const sayAll = () => proofs.known().forEach(say);
  const timers = [clock.every(LOOK_MS, look), clock.after(BEGUN_MS, sayAll), clock.every(AGAIN_MS, sayAll)];
  return {
    hear({ word }) {
      const learnt = [word as Sighting];
      proofs.learn(learnt);
      toThreads({ learnt });
    },
    adopt(snapshot) {
      proofs.adopt(snapshot);
      toThreads({ adopted: snapshot });
    },
    stop() {
      for (const stop of timers) stop();
      look();
    },
  };
}
