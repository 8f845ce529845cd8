import type { Clock, Route } from '#contracts';
import { RETRY_BUDGET, type ShareBudgetState, spend } from '#kernel/resilience';
import { acts } from './acting.ts';
import type { Proofs } from './fallbacks/proofs.ts';
import { Gaps } from './gaps.ts';
import type { Step } from './plan.ts';
import type { Standing } from './standing.ts';
import type { Tries } from './tries.ts';
import type { Try, Walk } from './walk.ts';

/** Targets of catch-all routes are made up by callers. */
const MOST = 500;
/** Good streams of a target before its silences are known. */
const ENOUGH = 20;
/** Silences after which those before count half. */
const LATELY = 50_000;
/** Streams whose longest silence is remembered. */
const STREAMS = 200;
/** One good stream in twenty may be given up by mistake, no more. */
const SPARED = 0.95;
/** Never called a stall: below it the network and a pause of the garbage collector decide. */
const SHORTEST = 1_000;

/** Silences between the outputs of good streams of one target. */
export class Silences {
  private readonly all = new Gaps();
  /** Of each stream the longest: a ring. */
  private readonly longest: number[] = [];
  private streams = 0;
  private known: { readonly p99: number; readonly spared: number } | undefined;

  learn(gaps: Gaps): void {
    if (gaps.longest === 0) return;
    this.all.merge(gaps, LATELY);
    this.longest[this.streams % STREAMS] = gaps.longest;
    this.streams++;
    // What is known changes slowly; sorting for each stream would cost more than the stream.
    if (this.streams % ENOUGH === 0) this.known = undefined;
  }

  /** Milliseconds of silence that are `factor` times what is usual; infinite while too little is known. */
  stall(factor: number): number {
    if (this.streams < ENOUGH) return Number.POSITIVE_INFINITY;
    this.known ??= {
      p99: this.all.read()?.p99 ?? 0,
      spared: this.longest.toSorted((a, b) => a - b)[Math.floor(SPARED * this.longest.length)] as number,
    };
    return Math.max(SHORTEST, factor * this.known.p99, this.known.spared);
  }
}

interface Context {
  readonly clock: Clock;
  readonly standing: Standing;
  readonly proofs: Proofs;
  readonly tries: Tries;
  readonly retries: (route: string) => ShareBudgetState;
}

/** What is silence too long in one stream: given up where somebody else could answer. */
export class Stall {
  /** Milliseconds; infinite while too little is known of the target. */
  readonly ms: number;
  /** For whoever reads the failure. */
  readonly hint: string;
  /** Whether another target may answer instead, as long as nobody has got anything. Books a further try. */
  readonly may: () => boolean;
  private readonly silences: Silences;
  private readonly gaps = new Gaps();

  constructor(silences: Silences, factor: number, may: () => boolean) {
    this.silences = silences;
    this.may = may;
    this.ms = silences.stall(factor);
    this.hint = `The stream brought no further output for ${(this.ms / 1_000).toFixed(1)} s; a silence of ${factor} × the p99 of this target's own is given up (timeouts.stall).`;
  }

  /** Some output came so many milliseconds after the one before. */
  silence(ms: number): void {
    this.gaps.add(ms);
  }

  /** Of good streams only: one that stalls must not teach that this is usual. */
  learn(): void {
    this.silences.learn(this.gaps);
  }
}

/** By target: a stall is a silence of `timeouts.stall` times the p99 of its own. */
export class Stalls {
  private readonly targets = new Map<string, Silences>();

  /** Undefined where nothing streams. */
  of(
    { clock, standing, proofs, retries, tries }: Context,
    walk: Walk,
    order: readonly Step[],
    at: number,
    { step, model }: Try,
    factor: number,
  ): Stall | undefined {
    if (!walk.facets.stream) return undefined;
    const route = walk.route as Route;
    const { name } = route;
    return new Stall(this.silencesOf(`${step.target.provider} ${model}`), factor, () => {
      if (!tries.may(walk) || acts(walk.body)) return false;
      const open = standing.open(order, walk.facets);
      if (!order.some((other, i) => i > at && open(other) && proofs.relies(route, other) !== undefined))
        return false;
      return spend(retries(name), clock.monotonic(), RETRY_BUDGET);
    });
  }

  private silencesOf(name: string): Silences {
    const known = this.targets.get(name);
    if (known) return known;
    // The oldest goes; a Map keeps the order in which it was filled.
    if (this.targets.size >= MOST) this.targets.delete(this.targets.keys().next().value as string);
    const fresh = new Silences();
    this.targets.set(name, fresh);
    return fresh;
  }
}
