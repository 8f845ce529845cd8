import type { Clock, Log } from '#contracts';
import type { Gateway, StandingNews } from '#gateway';
import { type Board, createBoard } from '#replicas';

/** What gateways that share providers tell each other. */
export interface News {
  readonly standing: StandingNews;
}

/** Tells the other replicas how targets stand, and heeds what they tell. */
export function openReplicas(given: {
  readonly url: string;
  readonly replica: string;
  readonly standing: Pick<Gateway['standing'], 'news' | 'hear'>;
  readonly clock: Clock;
  readonly log: Log;
}): Board {
  const { url, replica, standing, clock, log } = given;
  return createBoard({
    url,
    replica,
    clock,
    log,
    news(all) {
      const said = standing.news(all);
      return said && ({ standing: said } satisfies News);
    },
    heard(said, from) {
      try {
        standing.hear((said as News).standing);
      } catch (error) {
        // A replica of another version, while one after the other is replaced: what it knows is learnt here in time.
        log('debug', 'replicas.not_understood', { from, error: String(error) });
      }
    },
  });
}
