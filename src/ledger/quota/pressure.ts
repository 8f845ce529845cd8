import { PRESSURES, type Pressure } from '#contracts';

/** Share of an axis at which each state begins. */
const FROM: readonly number[] = [0, 0.7, 0.9, 0.99];
/** A state is left only this far below where it began, or an axis at the edge would change state with every request. */
const HYSTERESIS = 0.1;

export function pressureOf(before: Pressure, share: number): Pressure {
  let level = PRESSURES.indexOf(before);
  while (level < FROM.length - 1 && share >= FROM[level + 1]!) level++;
  while (level > 0 && share < FROM[level]! - HYSTERESIS) level--;
  return PRESSURES[level]!;
}
