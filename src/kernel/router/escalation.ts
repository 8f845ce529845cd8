/**
 * Whether the router escalates as often as it was planned to.
 *
 * Formula: Robbins' Beta-mixture confidence sequence for the share sent to the dear model; a finding once it lies outside [declared − band, declared + band]. It also finds a router that escalates nothing because its field has vanished.
 * Assumes: decisions independent given the share; the holdback left out, since nobody decided there.
 * Cost: two bisections per reading.
 * Lies when: the mix of traffic moves with the hour: then read it over whole days.
 * Reference: Howard, Ramdas, McAuliffe and Sekhon 2021.
 */
import { checkProbability } from '../stats/check.ts';
import { type RateSequenceState, rateSequence } from '../stats/sequential/rate-sequence.ts';

export function escalation({
  declared,
  band = 0.05,
  alpha = 0.01,
}: {
  readonly declared: number;
  readonly band?: number;
  readonly alpha?: number;
}) {
  checkProbability('declared', declared);
  const sequence = rateSequence({ confidence: 1 - alpha });
  return {
    start: sequence.start,
    step: (state: RateSequenceState, escalated: boolean) => sequence.step(state, escalated ? 1 : 0),
    read(state: RateSequenceState) {
      const reading = sequence.read(state);
      const finding: 'above' | 'below' | undefined =
        reading.lower > declared + band ? 'above' : reading.upper < declared - band ? 'below' : undefined;
      return { ...reading, declared, band, ...(finding ? { finding } : {}) } as const;
    },
  };
}
