export { createTiers, type RouteFinding, type Tiers, type TiersSnapshot } from './tiers.ts';
