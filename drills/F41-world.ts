import type { EpochMs } from '#contracts';
import { seeded } from '#kernel';
import { health } from '#kernel/resilience';
import { drawNormal } from '#kernel/stats';
import type { SceneContext } from './define.ts';
import type { Question, Rehearsal } from './rehearsal.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** Log-normal: p99 at 2.1 s, as in the catalogue. All tokens come with the first, so that latency is the first token's. */
const FIRST_TOKEN = { median: 600, sigma: 0.5386 };
const LAW = { firstToken: FIRST_TOKEN, gap: { median: 0, sigma: 0 }, tokens: { median: 40 } };
/** Errors of a healthy provider. */
const ERRORS = 0.001;
export const SPARE = 'spare';

const FALLBACK = { name: 'fallback', targets: [{ provider: 'sim', model: SPARE }] };
const primary = (model: string) => ({ name: 'primary', targets: [{ provider: 'sim', model }] });

export interface Scene {
  readonly fault: string;
  readonly with?: object;
  readonly probability?: number;
  /** Milliseconds since the beginning. */
  readonly from?: number;
  readonly to?: number;
}

const errors = (model: string, probability: number, window: Pick<Scene, 'from' | 'to'> = {}) => ({
  fault: 'status',
  with: { code: 500 },
  on: { model },
  probability,
  ...window,
});

/** Primaries with the faults of the scenes, and a spare that is well. */
export const worldOf = (primaries: readonly string[], scenes: readonly Scene[]): string =>
  JSON.stringify({
    models: Object.fromEntries([...primaries, SPARE].map((model) => [model, LAW])),
    timeline: [
      ...[...primaries, SPARE].map((model) => errors(model, ERRORS)),
      ...scenes.flatMap((scene) => primaries.map((model) => ({ ...scene, on: { model } }))),
    ],
  });

/** A route to each primary, all with the same spare behind, and one to the spare. */
export const configOf = (primaries: readonly string[], settings: object = {}): string =>
  JSON.stringify({
    providers: { sim: { kind: 'simulator', free: true } },
    routes: Object.fromEntries(
      [...primaries, SPARE].map((model) => [
        model,
        { match: { model }, ...settings, tiers: model === SPARE ? [FALLBACK] : [primary(model), FALLBACK] },
      ]),
    ),
  });

/** All of them stream: health is kept apart for streams and whole answers, and the first token is what this drill is about. */
export const questionTo =
  (model: string) =>
  (i: number): Question => ({
    path: '/v1/chat/completions',
    body: {
      model,
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: 'user', content: `What is ${17 + (i % 50)}*23?` }],
    },
  });

const HISTORY = 20_000;

/**
 * A gateway that was restarted after a healthy day: a target without a past has no normal to be slow against. The names under
 * which a gateway keeps its targets are taken from one that has asked each of them once.
 */
export async function seasoned(
  { rehearse, seed }: SceneContext,
  primaries: readonly string[],
  scenes: readonly Scene[],
  settings: object = {},
): Promise<Rehearsal> {
  const options = { world: worldOf(primaries, scenes), config: configOf(primaries, settings) };
  const yesterday = rehearse({ ...options, world: worldOf(primaries, []) });
  for (const model of [...primaries, SPARE]) await yesterday.ask(questionTo(model)(0));
  const rehearsal = rehearse(options);
  const known = dayOf(seed, rehearsal.clock.now());
  rehearsal.standing.restore(
    Object.fromEntries(
      Object.entries(yesterday.standing.snapshot()).map(([name, saved]) => [
        name,
        { ...saved, health: JSON.parse(known) },
      ]),
    ),
  );
  return rehearsal;
}

/** What is learned of a target in the day before `end`, as plain data. */
function dayOf(seed: number, end: EpochMs): string {
  const judge = health();
  const random = seeded(`F41 day ${seed}`);
  const state = judge.create();
  for (let i = 0; i < HISTORY; i++) {
    const startedAt = end - 24 * HOUR * (1 - i / HISTORY);
    const signal = random() < ERRORS ? 'bad' : 'good';
    const firstToken = FIRST_TOKEN.median * Math.exp(FIRST_TOKEN.sigma * drawNormal(random));
    judge.observe(state, { now: startedAt + firstToken, startedAt, signal, firstToken, random });
  }
  return JSON.stringify(state);
}

/** How the gateway judges a target now; undefined before it was asked for. */
export const standingOf = (rehearsal: Rehearsal, model: string) =>
  rehearsal.standing.read().find((target) => target.model === model);
export const alarmed = (rehearsal: Rehearsal, model: string): boolean => {
  const status = standingOf(rehearsal, model)?.status;
  return status !== undefined && status !== 'healthy' && status !== 'watch';
};
