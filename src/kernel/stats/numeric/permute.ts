import { type Random, shuffle } from './random.ts';

/** Shuffles `labels` in place, only among positions of the same stratum. */
export function permuteWithin(
  labels: Uint8Array,
  strata: readonly (readonly number[])[] | undefined,
  random: Random,
): void {
  if (!strata) {
    const list = Array.from(labels);
    labels.set(shuffle(random, list));
    return;
  }
  for (const stratum of strata) {
    const values = shuffle(
      random,
      stratum.map((i) => labels[i]!),
    );
    stratum.forEach((i, k) => {
      labels[i] = values[k]!;
    });
  }
}

/** Positions of each distinct stratum. */
export function strataOf(keys: readonly (string | number)[]): number[][] {
  const groups = new Map<string | number, number[]>();
  keys.forEach((key, i) => {
    const group = groups.get(key);
    if (group) group.push(i);
    else groups.set(key, [i]);
  });
  return [...groups.values()];
}
