import type { Clock, Log } from '#contracts';
import type { Gateway, StandingNews } from '#gateway';
import { type Board, createBoard } from '#replicas';
import { NO_NEWS, newsOf, type ThreadNews } from './threads/news.ts';

/** What gateways that share providers tell each other. */
interface News {
  readonly standing: readonly StandingNews[];
}

export interface ReplicasOptions {
  /** Of Redis; undefined where threads of one process are all there is. */
  readonly url: string | undefined;
  readonly replica: string;
  readonly gateway: Pick<Gateway, 'standing' | 'proofs' | 'climate' | 'weather'>;
  /** The other threads of this process. */
  readonly threads: {
    readonly some: boolean;
    tell(news: ThreadNews): void;
    news(): readonly StandingNews[];
  };
  readonly clock: Clock;
  readonly log: Log;
}

/** News are looked for so often; one look is a few comparisons. */
const LOOK_MS = 50;
/** Said in vain while Redis is away; when it is back everything is said anyhow. */
const MOST_UNSAID = 1_000;

/** Tells how targets stand, from each thread and replica to all others; undefined for a gateway that is alone. */
export function openReplicas(given: ReplicasOptions): Pick<Board, 'stop'> & {
  state(): ReturnType<Board['state']> | undefined;
  /** How many there are, this one included; while Redis is away, how many there were. */
  count(): number;
} {
  const { url, replica, gateway, threads, clock, log } = given;
  const { standing } = gateway;
  let unsaid: StandingNews[] = [];
  let houses = 1;
  const count = () => {
    const now = board?.state();
    if (now?.state !== 'up' || now.peers.length + 1 === houses) return;
    houses = now.peers.length + 1;
    threads.tell({ ...NO_NEWS, houses });
  };
  const look = () => {
    count();
    const own = threads.some ? newsOf(gateway) : undefined;
    if (own) threads.tell(own);
    const turned = threads.some ? own?.standing : standing.news(false);
    if (url === undefined) return void threads.news();
    if (turned) unsaid.push(turned);
    unsaid.push(...threads.news());
    if (unsaid.length > MOST_UNSAID) unsaid = unsaid.slice(-MOST_UNSAID);
  };
  const stopLooking = url !== undefined || threads.some ? clock.every(LOOK_MS, look) : undefined;
  const board =
    url === undefined
      ? undefined
      : createBoard({
          url,
          replica,
          clock,
          log,
          news(all): News | undefined {
            const whole = all ? standing.news(true) : undefined;
            const said = whole ? [whole] : unsaid;
            unsaid = [];
            return said.length > 0 ? { standing: said } : undefined;
          },
          heard(said, from) {
            try {
              for (const news of (said as News).standing) {
                standing.hear(news);
                threads.tell({ ...NO_NEWS, standing: news });
              }
            } catch (error) {
              // A replica of another version, while one after the other is replaced: what it knows is learnt here in time.
              log('debug', 'replicas.not_understood', { from, error: String(error) });
            }
          },
        });
  return {
    state: () => board?.state(),
    count: () => houses,
    async stop() {
      stopLooking?.();
      await board?.stop();
    },
  };
}
