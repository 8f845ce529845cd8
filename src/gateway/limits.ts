import type { Failure, Outcome } from '#contracts';
import type { Walk } from './walk.ts';

/** Useful answers that a limit is taken of. */
const WINDOW = 2_000;
const QUANTILE = 0.995;
/** Standard deviations: its upper end, 97.5 % sure. */
const SURE = 1.96;
/** Looked at anew after so many answers. */
const EVERY = 50;
/** Names; some are made of callers' words. */
const MOST = 500;
/** Above it, so that what it cuts is far rarer than the half percent it may, and the limit seldom set aside. */
const ROOM = 1.25;
/** Below it some providers refuse. */
const LEAST = 64;
/** Longer than any. */
const CUT = 0xffff_ffff;

interface Known {
  readonly ring: Uint32Array;
  n: number;
  fresh: number;
  limit: number | undefined;
  /** The provider knows no such limit. */
  refused: boolean;
}

/** A limit that Midwatch sets, and of how many answers it is. */
export interface SetLimit {
  readonly tokens: number;
  readonly of: number;
}

/**
 * How long answers may become where nobody said: a quarter above the upper end of the 99.5 % quantile of those that ended well, an order statistic,
 * ⌈nq + 1.96·√(nq(1−q))⌉ from below, of the last 2,000. An answer that was cut by such a limit counts as longer than any, since nobody
 * knows how long it would have been: each raises the limit to the next longest, and the fourth of two thousand (the first, where
 * fewer than 1,130 are known) sets it aside until they are far enough back. So where all answers become longer at once it cuts four,
 * and whatever was under way. Before 765 useful answers nothing is known of that quantile, and nothing is set.
 */
export class Limits {
  private readonly known = new Map<string, Known>();

  of(walk: Walk, provider: string, model: string): SetLimit | undefined {
    const known = this.known.get(nameOf(walk, provider, model));
    if (known?.limit === undefined || known.refused) return undefined;
    return { tokens: known.limit, of: Math.min(known.n, WINDOW) };
  }

  /** The end of an answer whose length the provider has told; `limit`: ours, where one was set. */
  ended(
    walk: Walk,
    {
      provider,
      model,
      limit,
    }: { readonly provider: string; readonly model: string; readonly limit: SetLimit | undefined },
    { outcome, failure }: { readonly outcome: Outcome; readonly failure?: Failure },
    tokens: number,
  ): void {
    const { maxOutput, choices } = walk.facets;
    if (maxOutput !== undefined || choices > 1) return;
    const name = nameOf(walk, provider, model);
    if (failure) {
      if (limit && LIMIT.test(failure.param ?? failure.hint)) this.at(name).refused = true;
      return;
    }
    if (outcome === 'length') {
      // Cut by the model's own end, it says as little as one that failed.
      if (limit) this.add(this.at(name), CUT);
    } else if (tokens > 0 && (outcome === 'complete' || outcome === 'tool' || outcome === 'stop'))
      this.add(this.at(name), Math.min(tokens, CUT - 1));
  }

  private at(name: string): Known {
    const found = this.known.get(name);
    if (found) return found;
    if (this.known.size >= MOST) this.known.clear();
    const made = { ring: new Uint32Array(WINDOW), n: 0, fresh: 0, limit: undefined, refused: false };
    this.known.set(name, made);
    return made;
  }

  private add(known: Known, tokens: number): void {
    known.ring[known.n % WINDOW] = tokens;
    known.n++;
    known.fresh++;
    if (known.fresh < EVERY && tokens !== CUT) return;
    known.fresh = 0;
    known.limit = limitIn(known.ring.slice(0, Math.min(known.n, WINDOW)));
  }
}

/** How providers name it when they refuse it. */
const LIMIT = /max_(completion_|output_)?tokens/;

function limitIn(lengths: Uint32Array): number | undefined {
  const n = lengths.length;
  const rank = Math.ceil(n * QUANTILE + SURE * Math.sqrt(n * QUANTILE * (1 - QUANTILE)));
  const length = rank <= n ? lengths.sort()[rank - 1] : undefined;
  return length === undefined || length === CUT ? undefined : Math.max(LEAST, Math.ceil(ROOM * length));
}

/** What is likely to be alike in length. Not by tenant: most of them ask too little to be known. */
const nameOf = ({ route, who, facets }: Walk, provider: string, model: string): string =>
  `${route?.name} ${provider} ${model} ${who.feature ?? ''} ${facets.structured} ${facets.tools > 0}`;
