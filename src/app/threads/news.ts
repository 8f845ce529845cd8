import type { Gateway, Sighting, StandingNews } from '#gateway';

/** What one gateway thread tells the others of what it has seen. */
export interface ThreadNews {
  readonly standing?: StandingNews;
  readonly proofs: readonly Sighting[];
}

type Teller = Pick<Gateway, 'standing' | 'proofs'>;

/** Since the last call; undefined when there is nothing. */
export function newsOf({ standing, proofs }: Teller): ThreadNews | undefined {
  const turned = standing.news(false);
  const seen = proofs.news();
  if (!turned && seen.length === 0) return undefined;
  return { ...(turned && { standing: turned }), proofs: seen };
}

export function hear({ standing, proofs }: Teller, news: ThreadNews): void {
  if (news.standing) standing.hear(news.standing);
  proofs.hear(news.proofs);
}
