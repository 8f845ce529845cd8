import type { Drill, Expectation, Scene } from './define.ts';
import { type DrillVerdict, type Judged, judge, type Measure } from './measure.ts';
import { type Rehearsal, rehearse } from './rehearsal.ts';

export type SceneName = 'on' | 'twin' | 'off';

export interface RunOptions {
  /** The baseline instead: what is seen without Midwatch. */
  readonly off?: boolean;
  readonly quick?: boolean;
  readonly sockets?: boolean;
  /** First seed; the others follow it. */
  readonly seed?: number;
  readonly seeds?: number;
  /** Called before each seed of each scene. */
  readonly progress?: (at: {
    readonly scene: SceneName;
    readonly seed: number;
    readonly done: number;
    readonly of: number;
  }) => void;
}

export interface DrillResult extends Judged {
  readonly scene: SceneName;
  readonly expectation: Expectation;
}

export interface DrillReport {
  readonly drill: Drill;
  readonly side: 'on' | 'off';
  readonly verdict: DrillVerdict;
  readonly results: readonly DrillResult[];
  readonly seeds: readonly number[];
  /** Event time that went by in the rehearsals. */
  readonly simulatedMs: number;
}

/** Runs a drill over its seeds and judges what they add up to. Rejects when a scene itself fails, which is not a verdict. */
export async function runDrill(drill: Drill, options: RunOptions = {}): Promise<DrillReport> {
  const { off = false, quick = false, sockets = false, seed = 1 } = options;
  const count = options.seeds ?? (quick ? drill.seeds.quick : drill.seeds.full);
  const seeds = Array.from({ length: count }, (_, i) => seed + i);
  const names: readonly SceneName[] = off ? ['off'] : ['on', 'twin'];
  const results: DrillResult[] = [];
  let simulatedMs = 0;
  let done = 0;
  for (const name of names) {
    const scene = drill[name];
    const runs: Readonly<Record<string, Measure>>[] = [];
    for (const each of seeds) {
      options.progress?.({ scene: name, seed: each, done: done++, of: seeds.length * names.length });
      const { measures, ms } = await runScene(scene, { seed: each, quick, sockets });
      simulatedMs += ms;
      runs.push(measures);
    }
    for (const expectation of scene.expectations) {
      const { full, virtual, wired } = expectation;
      if ((quick && full) || (sockets ? virtual : wired)) continue;
      const judged = judge(
        expectation.goal,
        runs.map((measures) => measureOf(drill, expectation, measures)),
      );
      results.push({ scene: name, expectation, ...judged });
    }
  }
  return { drill, side: off ? 'off' : 'on', verdict: together(results), results, seeds, simulatedMs };
}

async function runScene(
  scene: Scene,
  given: { readonly seed: number; readonly quick: boolean; readonly sockets: boolean },
) {
  const rehearsals: { readonly rehearsal: Rehearsal; readonly from: number }[] = [];
  try {
    const measures = await scene.run({
      seed: given.seed,
      quick: given.quick,
      sockets: given.sockets,
      rehearse(options) {
        const rehearsal = rehearse({ ...options, seed: given.seed, sockets: given.sockets });
        rehearsals.push({ rehearsal, from: rehearsal.clock.monotonic() });
        return rehearsal;
      },
    });
    const ms = rehearsals.reduce((sum, { rehearsal, from }) => sum + rehearsal.clock.monotonic() - from, 0);
    return { measures, ms };
  } finally {
    for (const { rehearsal } of rehearsals) await rehearsal.stop();
  }
}

function measureOf(
  drill: Drill,
  { name }: Expectation,
  measures: Readonly<Record<string, Measure>>,
): Measure {
  const measure = measures[name];
  if (!measure) throw new Error(`drill ${drill.id} measured nothing for "${name}"`);
  return measure;
}

/** One bad line makes it bad; else one unknown line makes it unknown. No data is never a pass. */
function together(results: readonly DrillResult[]): DrillVerdict {
  if (results.some((r) => r.verdict === 'bad')) return 'bad';
  return results.length === 0 || results.some((r) => r.verdict === 'unknown') ? 'unknown' : 'good';
}
