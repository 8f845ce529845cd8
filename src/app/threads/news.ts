import type { Felt, Gateway, Seen, Sighting, StandingNews } from '#gateway';

/** What one gateway thread tells the others of what it has seen. */
export interface ThreadNews {
  readonly standing?: StandingNews;
  readonly proofs: readonly Sighting[];
  readonly climate: readonly Seen[];
  /** For the first thread alone. */
  readonly weather: readonly Felt[];
}

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
}
