import type { Walk } from './walk.ts';

/** Names made of callers' words. */
const MOST = 2_000;
/** Answers below which a mean is one answer's doing. */
const ENOUGH = 8;
/** Weight of the newest answer, once there are so many that an equal share would be less. */
const NEWEST = 0.05;

/** What of an exchange says how long its answer will be. */
export type Asker = Pick<Walk, 'route' | 'who' | 'facets'>;

interface Mean {
  n: number;
  /** Of the logarithm: one answer of ten thousand tokens is no reason to expect a thousand. */
  log: number;
}

/**
 * How long answers will be, by what is known before the ask: route, model, whose it is, what for, what shape was asked for, and the
 * length that the caller allows. Geometric mean. Where one caller asks for short and long without any of these it knows one length.
 */
export class Lengths {
  private readonly means = new Map<string, Mean>();

  /** Tokens; undefined until enough were seen. */
  expected(walk: Asker): number | undefined {
    const mean = this.means.get(nameOf(walk));
    if (mean === undefined || mean.n < ENOUGH) return undefined;
    return Math.min(Math.exp(mean.log), walk.facets.maxOutput ?? Number.POSITIVE_INFINITY);
  }

  saw(walk: Asker, tokens: number): void {
    if (tokens <= 0) return;
    const name = nameOf(walk);
    let mean = this.means.get(name);
    if (!mean) {
      if (this.means.size >= MOST) this.means.clear();
      mean = { n: 0, log: 0 };
      this.means.set(name, mean);
    }
    mean.n++;
    mean.log += Math.max(NEWEST, 1 / mean.n) * (Math.log(tokens) - mean.log);
  }
}

function nameOf({ route, who, facets }: Asker): string {
  const { model, maxOutput = 0, structured, tools, choices } = facets;
  const allowed = Math.ceil(Math.log2(maxOutput + 1));
  return [route?.name, model, who.key, who.tenant, who.feature, allowed, structured, tools > 0, choices].join(
    ' ',
  );
}
