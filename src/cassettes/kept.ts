import type { CassetteProof, CassetteRound } from '#contracts';
import type { CassetteFiles } from './types.ts';

/** Beside the cassettes, so that it comes with them into every checkout and is read without a database. */
const NAME = 'verified.json';

export interface KeptProofs extends CassetteRound {
  /** The newest of each cassette that was ever asked again, by key. */
  readonly proofs: readonly CassetteProof[];
}

/** Undefined where nothing was verified, or by a version that kept no proof of each. */
export function readKept(files: CassetteFiles): KeptProofs | undefined {
  try {
    const kept = JSON.parse(files.read(NAME) ?? 'null') as KeptProofs | null;
    return Array.isArray(kept?.proofs) ? kept : undefined;
  } catch {
    // Somebody's edit, or no permission: then nothing is claimed.
    return undefined;
  }
}

/** Proofs of cassettes that are gone are forgotten. */
export function keepProofs(
  files: CassetteFiles,
  round: CassetteRound,
  proofs: readonly CassetteProof[],
  keys: readonly string[],
): void {
  const there = new Set(keys);
  const newest = new Map([...(readKept(files)?.proofs ?? []), ...proofs].map((proof) => [proof.key, proof]));
  const kept: KeptProofs & { readonly date: string } = {
    ...round,
    date: new Date(round.at).toISOString(),
    proofs: [...newest.values()].filter(({ key }) => there.has(key)).sort((a, b) => (a.key < b.key ? -1 : 1)),
  };
  files.write(NAME, `${JSON.stringify(kept, null, 2)}\n`);
}
