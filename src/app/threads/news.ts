import type { Gateway, Seen, Sighting, StandingNews } from '#gateway';

/** What one gateway thread tells the others of what it has seen. */
export interface ThreadNews {
  readonly standing?: StandingNews;
  readonly proofs: readonly Sighting[];
  readonly climate: readonly Seen[];
}

type Teller = Pick<Gateway, 'standing' | 'proofs' | 'climate'>;

/** Since the last call; undefined when there is nothing. */
export function newsOf({ standing, proofs, climate }: Teller): ThreadNews | undefined {
  const turned = standing.news(false);
  const seen = proofs.news();
  const felt = climate.news();
  if (!turned && seen.length === 0 && felt.length === 0) return undefined;
  return { ...(turned && { standing: turned }), proofs: seen, climate: felt };
}

export function hear({ standing, proofs, climate }: Teller, news: ThreadNews): void {
  if (news.standing) standing.hear(news.standing);
  proofs.hear(news.proofs);
  climate.hear(news.climate);
}
