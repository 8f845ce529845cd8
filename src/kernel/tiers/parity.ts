/**
 * Is a fallback no worse than the first tier? One kind of break (a schema, slowness, a length) over exercised items.
 *
 * Formula: non-inferiority as a change detector. H0: p ≤ p0 = first tier's own share + margin; log-odds shifts of 1.5, 2, 3 and 5 times by the Shiryaev–Roberts e-detector, alarm at R ≥ c. Once it has alarmed, the breach stands until a confidence sequence over the items since lies below p0 with its whole interval.
 * Assumes: items drawn from the traffic by chance; the first tier's share is known to well within the margin, which takes hundreds of its answers.
 * Error rate: a fallback exactly at p0 is reported once in c items or more seldom, P(report within n) ≤ n/c; one that is better almost never. At p0 = 2 %, c = 20,000 and 8 % broken: median 126 items, p95 279, 99.95 % within 475 (2,000 simulated edges).
 * Cost: O(1) a step; a reading after a breach costs two bisections.
 * Lies when: exercised asks are easier than the others; or the first tier worsens together with the fallback: that is not the fallback's report.
 * Reference: Shin, Ramdas and Rinaldo, "E-detectors", NEJSDS 2023. A confidence sequence from the first item on, which stood here before, found 98.6 % within 475 and takes the longer the longer a fallback has been sound.
 */
import { checkInnerProbability } from '../stats/check.ts';
import { type EDetectorState, probeRateDetector } from '../stats/sequential/e-detector.ts';
import { type RateSequenceState, rateSequence } from '../stats/sequential/rate-sequence.ts';

export interface ParityRule {
  /** Share beyond the first tier's own that is accepted, in (0, 1). */
  readonly margin: number;
  /** Items between two false reports of a fallback that is exactly at the margin, at least; 20,000. */
  readonly c?: number;
}

/** Plain JSON. */
export interface ParityState {
  readonly n: number;
  readonly k: number;
  readonly detector: EDetectorState;
  /** Set while it is reported: items since. */
  readonly breached?: RateSequenceState;
}

/** Multiples of the odds at p0 that are looked for. */
const SHIFTS = [1.5, 2, 3, 5].map(Math.log);
/** For a report to be taken back, and to call a fallback at parity. */
const SURELY = 0.99;
/** Older items count half once there are so many, so that the share shown is of late. */
const MANY = 2_000;
/** p0 must be a probability below 1, however bad the first tier is. */
const WORST = 0.99;

export function parity({ margin, c = 20_000 }: ParityRule) {
  checkInnerProbability('margin', margin);
  const detector = probeRateDetector({ c, shifts: SHIFTS });
  const since = rateSequence({ confidence: SURELY });
  const allowedOf = (own: number) => Math.min(WORST, own + margin);
  return {
    start: { n: 0, k: 0, detector: detector.start } satisfies ParityState as ParityState,
    /** `own`: share of the first tier's answers that break so. */
    step(state: ParityState, broke: boolean, own = 0): ParityState {
      const x = broke ? 1 : 0;
      const many = state.n >= MANY;
      const counted = { n: (many ? state.n >> 1 : state.n) + 1, k: (many ? state.k >> 1 : state.k) + x };
      const p0 = allowedOf(own);
      if (state.breached) {
        const breached = since.step(state.breached, x);
        // Evidence begins anew with a fallback that is well again.
        return x === 0 && since.read(breached).upper <= p0
          ? { ...counted, detector: detector.start }
          : { ...counted, detector: state.detector, breached };
      }
      const next = detector.step(state.detector, { x, p0 });
      return detector.read(next).alarm
        ? { ...counted, detector: next, breached: since.start }
        : { ...counted, detector: next };
    },
    /** Reported, surely at parity, or neither yet. */
    read({ n, k, breached }: ParityState, own = 0) {
      const allowed = allowedOf(own);
      const verdict = breached ? 'BREACHED' : since.read({ n, k }).upper <= allowed ? 'MET' : 'UNKNOWN';
      return { n, ...(n > 0 && { estimate: k / n }), own, allowed, verdict } as const;
    },
  };
}
