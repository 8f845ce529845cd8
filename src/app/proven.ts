import { join, resolve } from 'node:path';
import type { Clock, RouteTable } from '#contracts';
import { type EdgeReading, type ProofsSnapshot, readProofs } from '#gateway';
import { findTranslator, protocols, takeovers, withoutForeignThoughts } from '#protocols';
import type { LoadedConfig } from './config/index.ts';
import { type ConfigProblem, formatPath } from './config/problems.ts';
import { readIfThere } from './data-folder.ts';
import { VERSION } from './version.ts';

/**
 * Routes of a configuration that rely on fallbacks of which none has what its tier asks for. A route with one that has is
 * not held up by another that has not yet: that one is told of on the board.
 */
export function unprovenRoutes(
  edges: readonly EdgeReading[],
  { config }: LoadedConfig,
): readonly ConfigProblem[] {
  return Object.entries(config.routes).flatMap(([name, { tiers }]) => {
    const place = tiers.findIndex(({ minProof }) => minProof !== undefined);
    const own = edges.filter((edge) => edge.route === name && edge.required !== undefined);
    if (place < 0 || own.length === 0 || own.some(({ ready }) => ready)) return [];
    const [first] = own as [EdgeReading];
    return [
      {
        path: formatPath(['routes', name, 'tiers', place, 'minProof']),
        message: `no fallback of this route is proven: ${first.tier} (${first.provider}/${first.model}) is ${first.state.toLowerCase()}, ${whyOf(first)}, and ${first.required} is asked for. ${remedyOf(first)}`,
      },
    ];
  });
}

const whyOf = ({ required, state, exercised, probed, load }: EdgeReading): string => {
  if (required === 'PROBED') return exercised.state === 'BROKEN' ? exercised.why : probed.why;
  return required === 'LOAD' && exercised.state === 'PROVEN' && state !== 'PROVEN' ? load.why : exercised.why;
};

function remedyOf({ route, required, exercised }: EdgeReading): string {
  const drill = `\`midwatch fallback drill ${route}${required === 'LOAD' ? ' --load' : ''} --yes\``;
  if (required === 'PROBED') return `Start it and run ${drill}.`;
  const traffic =
    exercised.share === 0
      ? `set routes.${route}.exercise.share, so that traffic proves it`
      : `let it run: ${exercised.needed} good exercises are missing`;
  return `Run ${drill} and ${traffic}; or ask for PROBED until then.`;
}

/** The same of a data folder, whether or not an instance runs on it: what it knows is there within ten seconds. */
export function unprovenIn(
  loaded: LoadedConfig,
  table: RouteTable,
  { cwd, clock }: { readonly cwd: string; readonly clock: Clock },
): readonly ConfigProblem[] {
  const asked = Object.values(loaded.config.routes).some(({ tiers }) =>
    tiers.some(({ minProof }) => minProof !== undefined),
  );
  if (!asked) return [];
  const text = readIfThere(join(resolve(cwd, loaded.config.data), 'proofs.json'));
  const snapshot = text === undefined ? {} : (JSON.parse(text) as Partial<ProofsSnapshot>);
  const tongues = {
    protocols,
    translator: findTranslator,
    takeovers,
    withoutForeignThoughts,
    version: VERSION,
  };
  return unprovenRoutes(readProofs(clock, snapshot, table.routes, tongues), loaded);
}
