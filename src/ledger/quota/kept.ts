import type { EpochMs, QuotaAmounts } from '#contracts';

/** A place kept for a caller who was told to return at `due`. */
export interface Place {
  readonly caller: string;
  readonly due: EpochMs;
  readonly estimate: QuotaAmounts;
  /** The same by limit, in the scope's order. */
  amounts: readonly number[];
}

export interface KeptPlaces {
  readonly size: number;
  /** False when there are as many as may be. */
  keep(place: Place): boolean;
  /** The caller's place for as much as this: of those that are due the smallest, so that a small ask does not take a large one's. */
  find(caller: string, amounts: readonly number[], now: EpochMs): Place | undefined;
  /** The last place of a caller who has as many as one may have. */
  full(caller: string): Place | undefined;
  /** He came, or is served otherwise. */
  drop(place: Place, came: boolean): void;
  clear(): void;
  /** What must be left of limit `i` at `now` so that everybody finds what he was promised. */
  needed(i: number, rate: number, now: EpochMs): number;
  /** Share of callers who came lately. */
  readonly coming: number;
  /** Sum over all places that are due before `until`: those after the end of a day are met from the next one. */
  promised(i: number, until?: EpochMs): number;
  each(visit: (place: Place) => void): void;
  /** Forgets whoever did not come. */
  lapse(now: EpochMs): void;
}

/** The same question is not always estimated alike. */
const TOLERANCE = 1.25;
/** One caller holds at most this part of all places, so that who asks again and again does not push out the others. */
const MOST_SHARE = 10;
/** Places are spaced at a part of the refill, which therefore covers those that are further away than this. */
const HORIZON = 120_000;
/** Remembers about the last fifty places. */
const NEWEST = 0.02;

/**
 * A `retry-after` is only true if what it promises is not given away meanwhile. So a refused caller gets a place in the
 * future, and everybody else must leave max over places k of Σ_{j ≤ k} amount_j − rate·(due_k − now): what the refill until
 * then does not cover. Who does not come within `grace` loses the place; what was saved for him goes to the next. Amounts count by
 * the share of callers who came lately, or a crowd that never returns would keep everybody else waiting for it.
 */
export function keptPlaces(most: () => number, grace: () => number): KeptPlaces {
  /** By due. */
  const places: Place[] = [];
  const byCaller = new Map<string, Place[]>();
  /** Exponentially weighted share of places whose caller came. */
  let coming = 1;
  const count = (came: boolean) => {
    coming += NEWEST * ((came ? 1 : 0) - coming);
  };

  const forget = (place: Place): void => {
    const own = byCaller.get(place.caller)?.filter((p) => p !== place) ?? [];
    if (own.length > 0) byCaller.set(place.caller, own);
    else byCaller.delete(place.caller);
  };

  return {
    get size() {
      return places.length;
    },
    get coming() {
      return coming;
    },
    keep(place) {
      if (places.length >= most()) return false;
      let at = places.length;
      while (at > 0 && places[at - 1]!.due > place.due) at--;
      places.splice(at, 0, place);
      byCaller.set(
        place.caller,
        [...(byCaller.get(place.caller) ?? []), place].sort((a, b) => a.due - b.due),
      );
      return true;
    },
    find(caller, amounts, now) {
      let best: Place | undefined;
      for (const place of byCaller.get(caller) ?? []) {
        if (!amounts.every((a, i) => a <= place.amounts[i]! * TOLERANCE)) continue;
        if (place.due > now) return best ?? place;
        if (!best || place.amounts.every((a, i) => a <= best!.amounts[i]!)) best = place;
      }
      return best;
    },
    full(caller) {
      const own = byCaller.get(caller);
      return own && own.length >= Math.max(1, most() / MOST_SHARE) ? own.at(-1) : undefined;
    },
    drop(place, came) {
      const at = places.indexOf(place);
      if (at < 0) return;
      if (came) count(true);
      places.splice(at, 1);
      forget(place);
    },
    clear() {
      places.length = 0;
      byCaller.clear();
    },
    needed(i, rate, now) {
      let sum = 0;
      let most = 0;
      for (const { amounts, due } of places) {
        const wait = Math.max(0, due - now);
        if (wait > HORIZON) break;
        sum += amounts[i]!;
        const short = sum * coming - rate * wait;
        if (short > most) most = short;
      }
      return most;
    },
    promised(i, until = Number.POSITIVE_INFINITY) {
      let sum = 0;
      for (const { amounts, due } of places) {
        if (due >= until) break;
        sum += amounts[i]!;
      }
      return sum;
    },
    each: (visit) => places.forEach(visit),
    lapse(now) {
      const lost = grace();
      while (places.length > 0 && places[0]!.due + lost < now) {
        forget(places.shift()!);
        count(false);
      }
    },
  };
}
