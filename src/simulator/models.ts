import { type Law, type Spread, spread } from './latency.ts';
import { badRequest, type Problem } from './problem.ts';
import type { World } from './world/schema.ts';

export interface ModelFacts {
  readonly law: Law;
  /** Largest prompt plus answer, in tokens. */
  readonly context: number;
}

/**
 * Laws by model name. Real names get about a tenth of the latency that the providers' status pages and public
 * measurements show, so that tests keep the order of things without the waiting.
 */
const KNOWN: readonly (readonly [RegExp, ModelFacts])[] = [
  [/^sim-instant/, { law: law(0, 0, 0, 0), context: 1_000_000 }],
  [/^sim-slow/, { law: law(1500, 0.3, 80, 0.3), context: 128_000 }],
  // No spread at all: fifty chunks a second, exactly.
  [/^sim-steady/, { law: law(20, 0, 20, 0, 500), context: 128_000 }],
  [/^sim/, { law: law(3, 0.4, 0.5, 0.5), context: 128_000 }],
  [/haiku|mini|nano|flash|lite|instant|small|8b/i, { law: law(35, 0.4, 1, 0.5), context: 200_000 }],
  [/opus|-pro|^o\d|mythos/i, { law: law(120, 0.5, 2.5, 0.6), context: 200_000 }],
  [/^claude/i, { law: law(80, 0.45, 1.8, 0.6), context: 200_000 }],
  [/^gpt-4o|^gpt-4\.1/i, { law: law(50, 0.45, 1.2, 0.6), context: 128_000 }],
  [/^gpt-[5-9]/i, { law: law(60, 0.5, 1.4, 0.6), context: 400_000 }],
  // For all inputs of a call together; each one has its own, smaller limit.
  [/^text-embedding|embed/i, { law: law(12, 0.4, 0, 0), context: 300_000 }],
];
const OTHER: ModelFacts = { law: law(60, 0.5, 1.5, 0.6), context: 128_000 };

function law(first: number, firstSigma: number, gap: number, gapSigma: number, tokens = 60): Law {
  return { firstToken: spread(first, firstSigma), gap: spread(gap, gapSigma), tokens: spread(tokens, 0.35) };
}

export const modelFacts = (name: string): ModelFacts =>
  KNOWN.find(([pattern]) => pattern.test(name))?.[1] ?? OTHER;

/** What `GET /v1/models` lists when the world says nothing. */
export const CATALOGUE = [
  'sim',
  'sim-instant',
  'sim-slow',
  'sim-steady',
  'sim-reason',
  'gpt-5.5',
  'gpt-5.5-mini',
  'gpt-4o',
  'text-embedding-3-small',
  'text-embedding-3-large',
  'claude-opus-4-7',
  'claude-sonnet-4-6',
  'claude-haiku-4-5',
] as const;

export interface Model extends ModelFacts {
  /** Name that answers claim. */
  readonly serves: string;
  readonly fingerprint: string;
}

/** Every model of a world. `find` is undefined only in a strict world. */
export function population(world: World, seed: number | string) {
  const found = new Map<string, Model | undefined>();
  const lookUp = (asked: string): Model | undefined => {
    const name = world.aliases[asked] ?? asked;
    const own = world.models[name];
    if (!own && world.strict && !name.startsWith('sim')) return undefined;
    const base = modelFacts(own?.like ?? name);
    const { law } = base;
    return {
      law: {
        firstToken: own?.firstToken ?? law.firstToken,
        gap: own?.gap ?? law.gap,
        tokens: own?.tokens ?? law.tokens,
      },
      context: own?.context ?? base.context,
      serves: own?.serves ?? name,
      fingerprint: own?.fingerprint ?? fingerprint(`${seed} ${name}`),
    };
  };
  return {
    find(asked: string): Model | undefined {
      if (found.has(asked)) return found.get(asked);
      const model = lookUp(asked);
      // Names come from callers; a flood of made-up ones must not fill memory.
      if (found.size < 10_000) found.set(asked, model);
      return model;
    },
    names: (): readonly string[] => [
      ...new Set([
        ...Object.keys(world.models),
        ...Object.keys(world.aliases),
        ...(world.strict ? [] : CATALOGUE),
      ]),
    ],
  };
}
export type Population = ReturnType<typeof population>;

export const fingerprint = (text: string): string =>
  `fp_${Bun.hash.wyhash(text).toString(16).padStart(16, '0').slice(0, 10)}`;

/** `first=20;gap=20;tokens=500;sigma=0`: a law for one call, for benches that need an exact pace. */
export function lawFromHeader(header: string, law: Law): Law | Problem {
  const values: Record<string, number> = {};
  for (const pair of header.split(';')) {
    const [name = '', value = ''] = pair.split('=').map((text) => text.trim());
    if (!['first', 'gap', 'tokens', 'sigma'].includes(name) || !/^\d+(\.\d+)?$/.test(value))
      return badRequest(`x-sim-law: "${pair}" is not first, gap, tokens or sigma with a number.`);
    values[name] = Number(value);
  }
  const set = (own: Spread, median = own.median): Spread => ({ median, sigma: values.sigma ?? own.sigma });
  return {
    firstToken: set(law.firstToken, values.first),
    gap: set(law.gap, values.gap),
    tokens: set(law.tokens, values.tokens),
  };
}
