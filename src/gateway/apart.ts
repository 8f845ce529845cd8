import { createShareBudgetState } from '#kernel/resilience';
import type { AskContext } from './ask.ts';
import { Climate } from './climate.ts';
import { Proofs } from './fallbacks/proofs.ts';
import { Hedges } from './hedge.ts';
import { Limits } from './limits.ts';
import { Standing } from './standing.ts';
import { Weather } from './weather.ts';

/** What calls of our own make happen teaches nobody how targets stand for callers. */
export function apart<C extends AskContext>(ctx: C): C {
  const { clock } = ctx;
  const budget = createShareBudgetState();
  return {
    ...ctx,
    standing: new Standing(clock),
    proofs: new Proofs(clock),
    climate: new Climate(clock, ctx.estimate),
    weather: new Weather(clock),
    limits: new Limits(),
    hedges: new Hedges(),
    retries: () => budget,
  };
}
