import type { Random } from '../draw.ts';
import { type Choice, faultNamed, unknownFault } from '../faults/choose.ts';
import type { Fault } from '../faults/define.ts';
import { matches } from '../quota.ts';
import type { Scene, World } from './schema.ts';

export interface Situation {
  readonly model: string;
  readonly region?: string;
  readonly endpoint: string;
  readonly key: string;
  readonly prompt: string;
  /** Event time. */
  readonly now: number;
}

/** Which faults of the world's time line act on this call. Depends on event time alone, never on a wall clock. */
export function timeline(world: World, startedAt: number) {
  const origin = world.start === undefined ? startedAt : Date.parse(world.start);
  const scenes = world.timeline.map((scene) => ({
    scene,
    fault: known(scene),
    prompt: regex(scene),
    window: windowOf(scene, origin),
  }));
  return (at: Situation, random: Random): Choice[] => {
    const choices: Choice[] = [];
    for (const { scene, fault, prompt, window } of scenes) {
      if (!window(at.now)) continue;
      const { on } = scene;
      if (!matches(on.model, at.model) || !matches(on.endpoint, at.endpoint) || !matches(on.key, at.key))
        continue;
      if (on.region !== undefined && on.region !== at.region) continue;
      if (prompt && !prompt.test(at.prompt)) continue;
      if (scene.probability < 1 && random() >= scene.probability) continue;
      choices.push({ fault, params: scene.with });
    }
    return choices;
  };
}

/** A world need not come from `loadWorld`; a fault that silently never happens would make a drill pass. */
function known({ fault: name }: Scene): Fault {
  const fault = faultNamed(name);
  if (!fault) throw new RangeError(unknownFault(name));
  return fault;
}

const regex = (scene: Scene): RegExp | undefined =>
  scene.on.prompt === undefined ? undefined : new RegExp(scene.on.prompt, 'iu');

/** Half open: `from` belongs to it, `to` does not. */
function windowOf({ from, to, every }: Scene, origin: number): (now: number) => boolean {
  const instant = (value: Scene['from'], absent: number) =>
    value === undefined ? absent : typeof value === 'number' ? value : value.at - origin;
  const start = instant(from, 0);
  const end = instant(to, Number.POSITIVE_INFINITY);
  return (now) => {
    const since = now - origin;
    if (since < 0) return false;
    const phase = every === undefined ? since : since % every;
    return phase >= start && phase < end;
  };
}
