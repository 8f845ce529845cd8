import type { Clock, Log } from '#contracts';
import type { Gateway } from '#gateway';
import type { DataFolder } from './data-folder.ts';
import type { Lifecycle } from './lifecycle.ts';
import { recall, remember } from './remembered.ts';

/** What was learnt of the targets is not money; ten seconds of it may be lost in a crash. */
const SAVE_STANDING = 10_000;
/** Megabytes of it, that take weeks to change. */
const SAVE_CLIMATE = 300_000;

/** Begins with what the gateway knew of its targets when it last ran, and keeps what it learns. */
export function keepLearnt({
  gateway,
  folder,
  clock,
  log,
  lifecycle,
}: {
  readonly gateway: Gateway;
  readonly folder: DataFolder;
  readonly clock: Clock;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
}): void {
  const keep = <S extends object>(
    name: string,
    file: string,
    part: { restore(snapshot: S): void; snapshot(): S },
    every: number,
  ): void => {
    part.restore(recall<S>(file, log) ?? ({} as S));
    lifecycle.onStop(name, remember(file, () => part.snapshot(), every, clock, log).stop);
  };
  keep('proofs', folder.proofs, gateway.proofs, SAVE_STANDING);
  keep('standing', folder.standing, gateway.standing, SAVE_STANDING);
  keep('seats', folder.seats, gateway.seats, SAVE_STANDING);
  keep('climate', folder.climate, gateway.climate, SAVE_CLIMATE);
  keep('weather', folder.weather, gateway.weather, SAVE_CLIMATE);
}
