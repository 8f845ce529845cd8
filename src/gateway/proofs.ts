import type { Clock, Route } from '#contracts';
import { isGood } from '#contracts';
import {
  contractHash,
  edgeProof,
  PICK_START,
  type PickState,
  type Proof,
  type ProofState,
  pick,
} from '#kernel/tiers';
import type { Step } from './plan.ts';
import type { Try, TryEnd } from './walk.ts';

/** A fallback edge as it stands, for a page and for a gate. */
export interface EdgeReading extends Proof {
  readonly route: string;
  readonly tier: string;
  readonly provider: string;
  readonly model: string;
  /** Protocol that callers speak on it: what is proven for one says nothing about another. */
  readonly protocol: string;
}

interface Edge {
  readonly name: Omit<EdgeReading, keyof Proof>;
  readonly contract: string;
}

export type ProofsSnapshot = Readonly<Record<string, ProofState>>;

const rule = edgeProof();

/**
 * Which fallbacks are known to work, because they did: every answer of a lower tier counts, and where a route says so a share
 * of its traffic goes there on purpose. A change of what an edge depends on makes it unproven at once.
 */
export class Proofs {
  private readonly clock: Clock;
  private readonly states = new Map<string, ProofState>();
  private readonly edges = new Map<string, Edge>();
  private readonly byStep = new WeakMap<Step, string>();
  private readonly picks = new Map<string, PickState>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Place in the plan of the edge that this exchange is to exercise; undefined for most, which go the usual way. */
  exercise(route: Route, steps: readonly Step[]): number | undefined {
    const { share } = route.config.exercise;
    if (share === 0) return undefined;
    for (let at = 1; at < steps.length; at++) {
      const step = steps[at] as Step;
      if (step.tier === steps[0]?.tier) continue;
      const edge = this.edgeOf(route, step);
      const { state, exercise } = pick(this.picks.get(edge) ?? PICK_START, share, this.clock.random());
      this.picks.set(edge, state);
      if (exercise) return at;
    }
    return undefined;
  }

  /** Tells the end of a try; those of the first tier prove nothing. */
  ended(route: Route, one: Try, { outcome, failure }: TryEnd): void {
    if (one.tier === route.tiers[0]) return;
    // A caller who leaves has not shown that the edge is broken.
    if (outcome === 'cancelled') return;
    const name = this.edgeOf(route, one.step);
    const { contract } = this.edges.get(name) as Edge;
    this.states.set(
      name,
      rule.step(
        this.states.get(name) ?? rule.start(contract),
        {
          at: this.clock.now(),
          contract,
          good: isGood(outcome),
          reason: failure ? `${failure.kind}: ${failure.hint}`.slice(0, 200) : outcome,
        },
        contract,
      ),
    );
  }

  /** Every edge of these routes, exercised or not. */
  read(routes: readonly Route[], plan: (route: Route) => readonly Step[]): readonly EdgeReading[] {
    const now = this.clock.now();
    return routes.flatMap((route) => {
      const steps = plan(route);
      return steps
        .filter((step) => step.tier !== steps[0]?.tier)
        .map((step) => {
          const name = this.edgeOf(route, step);
          const edge = this.edges.get(name) as Edge;
          return {
            ...edge.name,
            ...rule.read(this.states.get(name) ?? rule.start(edge.contract), now, edge.contract),
          };
        });
    });
  }

  snapshot(): ProofsSnapshot {
    return Object.fromEntries(this.states);
  }

  restore(snapshot: ProofsSnapshot): void {
    for (const [name, state] of Object.entries(snapshot)) this.states.set(name, state);
  }

  private edgeOf(route: Route, step: Step): string {
    const known = this.byStep.get(step);
    if (known !== undefined) return known;
    const { target, tier, protocol } = step;
    const model = target.model ?? '*';
    const of = {
      route: route.name,
      tier: tier.name,
      provider: target.provider,
      model,
      protocol: protocol.name,
    };
    const name = Object.values(of).map(encodeURIComponent).join('/');
    const { apiKey: _secret, ...settings } = target.settings;
    this.edges.set(name, {
      name: of,
      contract: contractHash({
        ...of,
        baseUrl: target.baseUrl,
        settings,
        translated: step.translator?.from ?? null,
        timeouts: route.config.timeouts,
      }),
    });
    this.byStep.set(step, name);
    return name;
  }
}
