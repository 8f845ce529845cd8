import type {
  Attention,
  BudgetView,
  DemotionView,
  FallbackView,
  FreezeView,
  ProviderView,
  RampView,
  RollupWindow,
  RouterView,
  SpendRow,
  Status,
  SystemView,
  TierFinding,
} from '#contracts';
import type { RegimeFinding } from '../traffic/hours.ts';
import { fallbackAttention } from './fallbacks.ts';
import { freezeAttention } from './freezes.ts';
import { houseAttention } from './house.ts';
import { rampAttention } from './ramps.ts';
import { regimeAttention } from './regimes.ts';
import { routerAttention } from './routers.ts';
import { spendAttention } from './spend.ts';
import { budgetAttention, targetAttention } from './targets.ts';
import { tierAttention } from './tiers.ts';
import { trafficAttention } from './traffic.ts';

export interface AttentionFacts {
  readonly from: number;
  readonly to: number;
  readonly status: Status;
  readonly system: SystemView;
  readonly window: RollupWindow;
  /** As long as the window, just before it. */
  readonly before: RollupWindow;
  readonly targets: readonly ProviderView[];
  readonly regimes: readonly RegimeFinding[];
  readonly budgets: readonly BudgetView[];
  readonly ramps: readonly RampView[];
  readonly routers: readonly RouterView[];
  readonly fallbacks: readonly FallbackView[];
  readonly freezes: readonly FreezeView[];
  /** By route, over the last hour. */
  readonly spend: readonly SpendRow[];
  /** What the watch over the tier mix says. */
  readonly mix: readonly (TierFinding & { readonly route: string })[];
  readonly demotions: readonly DemotionView[];
}

const WORST_FIRST = { alarm: 0, warn: 1, note: 2 } as const;

/** What a person should look at now, worst first. A pure function over what is known; it judges two periods and is no detector. */
export const attention = (facts: AttentionFacts): readonly Attention[] =>
  [
    ...houseAttention(facts.system, facts.status),
    ...targetAttention(facts.targets),
    ...regimeAttention(facts.regimes),
    ...rampAttention(facts.ramps),
    ...routerAttention(facts.routers),
    ...budgetAttention(facts.budgets),
    ...fallbackAttention(facts.fallbacks),
    ...freezeAttention(facts.freezes),
    ...spendAttention(facts.spend),
    ...tierAttention(facts.mix, facts.demotions),
    ...trafficAttention(facts),
  ].sort((a, b) => WORST_FIRST[a.level] - WORST_FIRST[b.level]);
