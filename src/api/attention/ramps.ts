import type { Attention, RampView } from '#contracts';

/** Ramps that were taken back, in part or as a whole. The old path serves, so nobody suffers now; the new one is broken all the same. */
export const rampAttention = (ramps: readonly RampView[]): Attention[] =>
  ramps.flatMap(({ route, to, phase, buckets }): readonly Attention[] => {
    const back = buckets.filter(({ rolledBack }) => rolledBack);
    const [first] = back;
    if (!first) return [];
    return [
      {
        level: 'alarm',
        what:
          phase === 'stopped'
            ? `${route}: the ramp to ${to} has stopped`
            : `${route}: the ramp to ${to} was rolled back for bucket ${back.map(({ bucket }) => bucket).join(', ')}`,
        why: `Bucket ${first.bucket}: ${first.rolledBack?.why}.`,
        todo: `Mend the new path, then \`midwatch ramp reset ${route} --bucket ${first.bucket}\`; until then the old path serves.`,
        link: '/ramp',
      },
    ];
  });
