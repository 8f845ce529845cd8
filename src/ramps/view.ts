import type { RampBucketView, RampPhase, RampView } from '#contracts';
import type { RampState } from '#kernel/ramp';
import type { Ascent, ClimbReading } from './climb.ts';

/** A ramp as a person reads it. Buckets and stages are counted from 1. */
export function viewOf({ route, config, from }: Ascent, reading: ClimbReading): RampView {
  const { since, seen, moving, state } = reading;
  const { to, stages, auto, verdicts, minimum, allow } = config;
  const fixed = { route, to, from, auto, verdicts, stages, minimum, allow };
  if (!moving || !state)
    return {
      ...fixed,
      phase: 'learning',
      says: `It learns from the old path: ${seen} of ${config.learn} ${verdicts ? 'judged ' : ''}answers${seen >= config.learn ? ', and some bucket has too few of them; give `edges` if it stays so' : ''}.`,
      stage: 1,
      since,
      gate: { verdict: 'wait', why: 'edges and baseline are being learnt' },
      learnt: { seen, of: config.learn },
      buckets: (stages[0] as readonly number[]).map((_, b) => ({ ...UNTRIED, bucket: b + 1 })),
      exposure: {},
      harm: { seen: 0, upper: 0, budget: config.harm },
    };
  const board = moving.ramp.read(state);
  const buckets = board.fields.map((field, b): RampBucketView => {
    const of = state.buckets[b] as RampState['buckets'][number];
    const { statistic, threshold } = field.alarm;
    return {
      bucket: b + 1,
      ...(b > 0 && { from: moving.learnt.edges[b - 1] as number }),
      percent: field.rolledBack ? 0 : (stages[state.stage]?.[b] ?? 0),
      n: field.n,
      bad: field.bad,
      stageN: of.stageN,
      ...(verdicts && { unjudged: of.unjudged ?? 0 }),
      old: of.old,
      upper: field.upper,
      baseline: moving.learnt.baseline[b] as number,
      statistic,
      threshold,
      ...(field.rolledBack && { rolledBack: field.rolledBack }),
    };
  });
  const { gate } = board;
  const phase = phaseOf(state, gate.verdict === 'pass', stages.length);
  const onNew = sum(buckets.map(({ n, unjudged = 0 }) => n + unjudged));
  const all = onNew + sum(buckets.map(({ old }) => old));
  return {
    ...fixed,
    phase,
    says: saying(phase, state, board, stages.length),
    stage: state.stage + 1,
    since: state.since,
    gate: {
      verdict: gate.verdict,
      ...(gate.verdict !== 'pass' && {
        why: gate.why,
        ...(gate.bucket !== undefined && { bucket: gate.bucket + 1 }),
      }),
    },
    learnt: { seen: config.learn, of: config.learn },
    buckets,
    exposure: {
      ...(all > 0 && { all: onNew / all }),
      ...(board.hardExposure !== undefined && { hard: board.hardExposure }),
    },
    harm: board.harm,
  };
}

const UNTRIED = {
  percent: 0,
  n: 0,
  bad: 0,
  stageN: 0,
  old: 0,
  upper: 1,
  statistic: 0,
  threshold: 0,
} as const;
const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);

function phaseOf({ buckets, stage }: RampState, passed: boolean, stages: number): RampPhase {
  if (buckets.every((b) => b.rolledBack)) return 'stopped';
  return passed && stage === stages - 1 ? 'done' : 'ramping';
}

type Board = ReturnType<NonNullable<ClimbReading['moving']>['ramp']['read']>;

function saying(phase: RampPhase, { buckets, stage }: RampState, { gate }: Board, stages: number): string {
  const back = buckets.flatMap((b, i) => (b.rolledBack ? [`bucket ${i + 1}: ${b.rolledBack.why}`] : []));
  if (phase === 'stopped') return `Rolled back as a whole; ${back.at(-1)}.`;
  if (back.length > 0) return `Rolled back in part, the other buckets go on: ${back.join('; ')}.`;
  if (phase === 'done') return 'The last stage has passed: put the new path first and take the ramp out.';
  const at = `Stage ${stage + 1} of ${stages}`;
  if (gate.verdict === 'pass') return `${at} has passed: it may go on.`;
  return `${at}; ${gate.bucket === undefined ? '' : `bucket ${gate.bucket + 1}: `}${gate.why}.`;
}
