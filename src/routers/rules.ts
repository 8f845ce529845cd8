import type { AskFacets, RouterRule } from '#contracts';

/** Bytes of a body for one token: JSON around mostly English text. */
const BYTES_PER_TOKEN = 4;

/** What the first rule says whose every word holds; undefined where none speaks. */
export function ruled(
  rules: readonly RouterRule[],
  facets: AskFacets,
  feature: string | undefined,
): RouterRule['take'] | undefined {
  for (const rule of rules) if (holds(rule, facets, feature)) return rule.take;
  return undefined;
}

const holds = (rule: RouterRule, facets: AskFacets, feature: string | undefined): boolean =>
  (rule.features === undefined || (feature !== undefined && rule.features.includes(feature))) &&
  (rule.tokens === undefined || facets.bytes / BYTES_PER_TOKEN >= rule.tokens) &&
  (rule.turns === undefined || facets.turns >= rule.turns) &&
  (rule.tools === undefined || facets.tools >= rule.tools) &&
  (rule.images === undefined || facets.images >= rule.images) &&
  (rule.structured === undefined || facets.structured === rule.structured) &&
  (rule.maxOutput === undefined || (facets.maxOutput ?? 0) >= rule.maxOutput);
