import type { CassetteProof, CassetteRound, EpochMs } from '#contracts';
import { count, percent } from '#contracts/say';
import type { CheckReport } from './check.ts';
import { sayDrift } from './shape.ts';

/** What a round says of each cassette that it asked. */
export const proofsOf = ({ cassettes }: CheckReport, at: EpochMs): readonly CassetteProof[] =>
  cassettes.map(({ key, path, model, verdict, distance, drift, reason }) => {
    const says = reason ?? (drift && sayDrift(drift));
    return {
      key,
      path,
      ...(model !== undefined && { model }),
      at,
      verdict,
      ...(distance !== undefined && { distance }),
      ...(says !== undefined && { says }),
    };
  });

export function roundOf(report: CheckReport, of: number, at: EpochMs): CassetteRound {
  const known = report.cassettes.filter(({ verdict }) => verdict !== 'unknown').length;
  const drifted = report.cassettes.filter(({ verdict }) => verdict === 'drifted').length;
  const share = report.drifted;
  return {
    at,
    sampled: report.cassettes.length,
    of,
    drifted,
    known,
    skipped: report.skipped,
    microUsd: Math.ceil(report.microUsd),
    says: share
      ? `${count(drifted)} of ${count(known)} drifted, 95 % interval ${percent(share.lower)} to ${percent(share.upper)}`
      : 'nothing could be compared',
  };
}
