import type { AskFacets, FallbackReport, ProbeProof } from '#contracts';
import { percent } from '#contracts/say';
import type { DemandState } from './demand.ts';

/** Exercises of an edge, and those with tools or a schema for the answer. Plain JSON. */
export interface Covered {
  readonly n: number;
  readonly tools: number;
  readonly structured: number;
}

export const UNCOVERED: Covered = { n: 0, tools: 0, structured: 0 };

export const coveredWith = (
  { n, tools, structured }: Covered,
  asked: Pick<AskFacets, 'tools' | 'structured'>,
): Covered => ({
  n: n + 1,
  tools: tools + (asked.tools > 0 ? 1 : 0),
  structured: structured + (asked.structured ? 1 : 0),
});

/** So many would be expected: that there is none by chance has a probability of e to the minus ten. */
const EXPECTED = 10;

const KINDS = [
  { of: 'tools', check: 'tools', says: 'offer tools' },
  { of: 'structured', check: 'schema', says: 'want an answer by a schema' },
] as const;

/**
 * What callers ask for and no exercise has tried, nor a probe: a fallback proven by one kind of ask says nothing about another,
 * and what is excluded from exercise is often just what matters.
 */
export const uncovered = (
  covered: Covered,
  demand: DemandState,
  checks: ProbeProof['checks'],
): readonly FallbackReport[] =>
  KINDS.flatMap(({ of, check, says }): readonly FallbackReport[] => {
    const share = demand.seen === 0 ? 0 : demand[of] / demand.seen;
    if (covered[of] > 0 || covered.n * share < EXPECTED) return [];
    if (checks.some((one) => one.check === check && one.good)) return [];
    const text = `was exercised ${covered.n} times, never with an ask of the ${percent(share)} that ${says}`;
    return [{ kind: 'coverage', text }];
  });
