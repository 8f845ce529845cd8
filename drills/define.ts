import type { Goal, Measure } from './measure.ts';
import type { Rehearsal, RehearsalOptions } from './rehearsal.ts';

/** One line of a drill's table: what must hold, and how sure the measurement has to be. */
export interface Expectation {
  /** Kebab-case, unique in its scene. */
  readonly name: string;
  /** For a reader who has not met the drill. */
  readonly says: string;
  readonly goal: Goal;
  /** How numbers are written. */
  readonly unit: 'share' | 'count' | 'exchanges' | 'attempts' | 'ms' | 'usd';
  /** The number that the catalogue or the detector itself declares, shown beside what was measured. */
  readonly declared?: string;
  /** Needs more data than a quick run has; left out there rather than reported as unknown. */
  readonly full?: true;
  /** Needs hours, which only a virtual clock has; left out where the wire is real. */
  readonly virtual?: true;
  /** Needs a process that can be killed, which only real time has; left out in virtual time. */
  readonly wired?: true;
}

export interface SceneContext {
  readonly seed: number;
  readonly quick: boolean;
  /** The wire is real, and so is time. */
  readonly sockets: boolean;
  /** Stopped by the runner; several may be made in one scene. */
  rehearse(options: Pick<RehearsalOptions, 'world' | 'config' | 'steer' | 'around'>): Rehearsal;
}

export interface Scene {
  readonly expectations: readonly Expectation[];
  /** One seed; a measure for each expectation by its name. */
  run(context: SceneContext): Promise<Readonly<Record<string, Measure>>>;
}

export interface Drill {
  /** `F37`: the entry of the catalogue it rehearses. */
  readonly id: string;
  readonly title: string;
  /** What goes wrong in it. */
  readonly world: string;
  /** The fault happens and Midwatch is on watch. */
  readonly on: Scene;
  /** The same world without the fault: nothing may be found. */
  readonly twin: Scene;
  /** The fault happens and only what today's dashboards see is looked at: HTTP status and latency. */
  readonly off: Scene;
  readonly seeds: { readonly full: number; readonly quick: number };
  /** Where the wire itself is part of the claim. */
  readonly sockets?: true;
}

/** One scene out of several, one after another; each keeps its names. */
export const together = (...scenes: readonly Scene[]): Scene => ({
  expectations: scenes.flatMap(({ expectations }) => expectations),
  async run(context) {
    let measures: Readonly<Record<string, Measure>> = {};
    for (const scene of scenes) measures = { ...measures, ...(await scene.run(context)) };
    return measures;
  },
});

const ID = /^F\d\d$/;

export function defineDrill(drill: Drill): Drill {
  if (!ID.test(drill.id)) throw new RangeError(`drill id "${drill.id}" is not of the form F37`);
  for (const scene of [drill.on, drill.twin, drill.off]) {
    const names = scene.expectations.map((e) => e.name);
    if (new Set(names).size !== names.length)
      throw new RangeError(`drill ${drill.id}: an expectation is named twice`);
  }
  return Object.freeze(drill);
}
