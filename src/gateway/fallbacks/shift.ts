import { type Clock, LANES, type Lane, type Route } from '#contracts';
import { type AdmissionState, admission } from '#kernel/tiers';
import { seen } from '../failures.ts';
import type { Step } from '../plan.ts';
import type { Hindrance } from '../prepare.ts';
import type { Estimate, Walk } from '../walk.ts';
import type { Proofs } from './proofs.ts';
import type { Carries } from './reading.ts';

interface Gate {
  readonly carries: Carries;
  readonly among: number;
  readonly rule: ReturnType<typeof admission>;
  state: AdmissionState;
}

/** Output that a caller expects who names no limit, tokens. */
const SOME = 256;
/** However small an ask is, it is one of those that a limit of requests counts. */
const LEAST = 0.25;

/**
 * What a tier takes of the traffic that another one can no longer carry: no more than a ramp has shown that it does, the urgent
 * first. Without this the fallback falls as the first tier did, for everybody. Only tiers that ask for LOAD are looked at.
 */
export class Shift {
  private readonly clock: Clock;
  private readonly proofs: Proofs;
  private readonly estimate: Estimate;
  private readonly among: () => number;
  private readonly gates = new WeakMap<Step, Gate>();

  /** `among`: gateway threads of all houses, to which the places are dealt out. */
  constructor(clock: Clock, proofs: Proofs, estimate: Estimate, among: () => number) {
    this.clock = clock;
    this.proofs = proofs;
    this.estimate = estimate;
    this.among = among;
  }

  /** Takes a place for an exchange at a lower tier, or says why there is none. */
  hinders(route: Route, step: Step, lane: Lane, walk: Walk): Hindrance | undefined {
    if (step.tier === route.tiers[0] || walk.source !== 'gateway') return undefined;
    if (route.config.tiers.find(({ name }) => name === step.tier.name)?.minProof !== 'LOAD') return undefined;
    const carries = this.proofs.carries(route, step);
    // What has carried nothing is broken and asked last; to keep the last resort shut as well would help nobody.
    if (!carries || carries.perSecond === 0 || walk.made.some((one) => one.step === step)) return undefined;
    const gate = this.gate(step, carries);
    const { state, admitted } = gate.rule.step(
      gate.state,
      // Of the wall clock an hour put back would be an hour in which nothing refills.
      this.clock.monotonic(),
      LANES.indexOf(lane),
      this.weigh(walk, carries),
    );
    gate.state = state;
    return admitted ? undefined : full(route, step, carries);
  }

  private gate(step: Step, carries: Carries): Gate {
    const known = this.gates.get(step);
    const among = this.among();
    if (known?.carries.perSecond === carries.perSecond && known.among === among) return known;
    const rule = admission({ perSecond: carries.perSecond / among, lanes: LANES.length });
    // A house that comes or goes gives nobody a bucket full again.
    const state = known?.carries === carries ? known.state : rule.start(this.clock.monotonic());
    const gate = { carries, among, rule, state };
    this.gates.set(step, gate);
    return gate;
  }

  /** How many of the ramp's asks this one is. */
  private weigh({ facets }: Walk, { tokens }: Carries): number {
    const asked = this.estimate(facets, 0, 0).input + (facets.maxOutput ?? SOME);
    return Math.max(LEAST, asked / tokens);
  }
}

const full = (route: Route, { tier }: Step, { perSecond }: Carries): Hindrance => ({
  kind: 'hindered',
  failure: {
    ...seen(
      'rate_limited',
      `Route "${route.name}" is on its tier "${tier.name}", which carries ${Number(perSecond.toPrecision(3))} exchanges a second; more urgent callers come first. Try again after retry-after.`,
    ),
    origin: 'midwatch',
    after: Math.max(1_000, Math.ceil(1_000 / perSecond)),
  },
  elsewhere: true,
});
