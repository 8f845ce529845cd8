import type { Felt, Gateway, ProofsSnapshot, Seen, Sighting, StandingNews } from '#gateway';

/** What one gateway thread tells the others of what it has seen. */
export interface ThreadNews {
  readonly standing?: StandingNews;
  readonly proofs: readonly Sighting[];
  readonly climate: readonly Seen[];
  /** For the first thread alone. */
  readonly weather: readonly Felt[];
  /** Of fallbacks, by another house, and all that it knows of them. */
  readonly learnt?: readonly Sighting[];
  readonly adopted?: ProofsSnapshot;
  /** How many houses share the callers. */
  readonly houses?: number;
}

export const NO_NEWS: ThreadNews = { proofs: [], climate: [], weather: [] };

type Teller = Pick<Gateway, 'standing' | 'proofs' | 'climate' | 'weather'>;

/** Since the last call; undefined when there is nothing. */
export function newsOf({ standing, proofs, climate, weather }: Teller): ThreadNews | undefined {
  const turned = standing.news(false);
  const seen = proofs.news();
  const hours = climate.news();
  const felt = weather.news();
  if (!turned && seen.length === 0 && hours.length === 0 && felt.length === 0) return undefined;
  return { ...(turned && { standing: turned }), proofs: seen, climate: hours, weather: felt };
}

export function hear({ standing, proofs, climate, weather }: Teller, news: ThreadNews): void {
  if (news.standing) standing.hear(news.standing);
  proofs.hear(news.proofs);
  climate.hear(news.climate);
  weather.hear(news.weather);
  if (news.adopted) proofs.adopt(news.adopted);
  if (news.learnt) proofs.learn(news.learnt);
}
