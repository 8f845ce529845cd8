import {
  type Claim,
  type Clock,
  type EpochMs,
  LANES,
  type Lane,
  type LanesConfig,
  type LedgerListener,
  type LedgerStore,
  type LimitReading,
  type Pressure,
  type QuotaAmounts,
  type QuotaAsk,
  type QuotaAxis,
  type QuotaConfig,
  type QuotaDecision,
  type QuotaReading,
  type Taking,
} from '#contracts';
import { createDays } from './days.ts';
import { keptPlaces, type Place } from './kept.ts';
import { type Limit, limitsOf } from './limits.ts';
import { createLine, type Waiting } from './line.ts';
import { pressureOf } from './pressure.ts';
import { type UseRate, useRate } from './use.ts';
import { waitOf } from './wait.ts';

/** The limits of one credential for the models that share them, and the line of those who wait for it. */
export interface Scope {
  reserve(ask: QuotaAsk): QuotaDecision | Promise<QuotaDecision>;
  /** What the provider says in an answer's headers. */
  observe(readings: readonly LimitReading[]): void;
  /** The provider refused a call: nothing more before `retryAfterMs`. */
  refused(retryAfterMs: number, axis?: QuotaAxis): void;
  reading(): QuotaReading;
  configure(config: QuotaConfig): void;
}

interface Waiter extends Waiting {
  readonly ask: QuotaAsk;
  amounts: readonly number[];
  readonly since: EpochMs;
  /** Came back when told to: goes before everybody. */
  readonly returned: boolean;
  readonly decide: (decision: QuotaDecision) => void;
}

const LOOK_EVERY = 100;
const USE_TAU = 20_000;
/** A promise may be late by this much when answers were longer than expected; then the caller waits instead of being sent away again. */
const LATENESS = 1_000;
/** Estimates are means; the place is kept a little later than they say. */
const MARGIN = 1.02;
const KEPT_SHARE = 0.25;
/** While nobody else comes; who does then still finds something. */
const ALONE_SHARE = 0.5;
/** Of the refill; where those above leave nothing, a promise is far away and still not for ever. */
const LEAST_SHARE = 0.05;
/** A crowd that never came back may do so tomorrow. */
const LEAST_COMING = 0.25;
const LONGEST_REFUSAL = 60_000;
const AWAY_RETRY = 1_000;
/** Less is a clock being corrected, and matters to no promise. */
const PUT_BACK = 1_000;

export function createScope(options: {
  readonly name: string;
  readonly store: LedgerStore;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly config: QuotaConfig;
  readonly lanes: () => LanesConfig;
  readonly onEvent?: LedgerListener;
}): Scope {
  const { name, store, clock, lanes, onEvent } = options;
  let { config } = options;
  const lowered = new Map<QuotaAxis, number>();
  let limits: readonly Limit[] = limitsOf(store, name, config, lowered, clock.now());
  let rollAt = rollOf(limits);
  const line = createLine<Waiter>(lanes);
  const returned: Waiter[] = [];
  const kept = keptPlaces(
    () => lanes().keep,
    () => lanes().grace,
  );
  /** Of the places of each lane. */
  const lastDue: Record<Lane, EpochMs> = { interactive: 0, normal: 0, batch: 0 };
  const use = Object.fromEntries(LANES.map((lane) => [lane, [] as UseRate[]])) as Record<Lane, UseRate[]>;
  const days = createDays();
  const pressures = new Map<QuotaAxis, Pressure>();
  let lookAt = 0;
  let seenAt: EpochMs = clock.now();
  let asking = false;
  /** Somebody was let through, so what the provider says of its limits will be known here. */
  let begun = false;
  let stopTimer: (() => void) | undefined;

  function renew(now: EpochMs): void {
    limits = limitsOf(store, name, config, lowered, now);
    rollAt = rollOf(limits);
  }

  /** What was promised by a clock that has been put back since would be an hour away: callers who come back find no place, and wait again. */
  function putBack(now: EpochMs): void {
    kept.clear();
    for (const lane of LANES) lastDue[lane] = 0;
    lookAt = 0;
    renew(now);
  }

  const vector = (amounts: QuotaAmounts): number[] => limits.map(({ amountOf }) => amountOf(amounts));
  const costOf = (amounts: readonly number[]): number => {
    let cost = 0;
    for (let i = 0; i < limits.length; i++) cost = Math.max(cost, amounts[i]! / limits[i]!.limit);
    return cost;
  };

  /**
   * What a lane leaves of limit `i` for those above it: its share of what an amount leaves of a full bucket. Its share of the
   * whole bucket would ask a large amount to find the bucket full, which on a busy day it never is. Of a day it leaves what they
   * are expected to need until its end, once a day has shown it: three tenths are too little in the morning and too much in
   * the evening. Its floor of the day is its own in any case.
   */
  function toAbove(i: number, lane: Lane, amount: number, now: EpochMs): number {
    const { stopAt, floor } = lanes()[lane];
    if (stopAt === 1) return 0;
    const limit = limits[i]!;
    const expected = limit.daily ? days.reserve(limit, lane, now) : undefined;
    if (expected !== undefined) return Math.min(expected, (1 - floor) * limit.depth);
    return (1 - stopAt) * Math.max(0, limit.depth - amount);
  }

  /** The same and what was promised, whichever is more. */
  function leave(i: number, lane: Lane, amount: number, owed: boolean, now: EpochMs): number {
    const above = owed ? 0 : toAbove(i, lane, amount, now);
    return kept.size === 0 ? above : Math.max(above, kept.needed(i, limits[i]!.rate, now));
  }

  function take(ask: QuotaAsk, amounts: readonly number[], first: boolean, owed: boolean, now: EpochMs) {
    // A replica that has just come may think the limits far higher than those who have been told. What it leaves to the lanes above
    // might be more than there ever is, and it would wait for ever for the first answer, which would tell it.
    const nothing = first || !begun;
    const claims: Claim[] = [];
    for (let i = 0; i < limits.length; i++)
      claims.push({
        account: limits[i]!.account,
        amount: amounts[i]!,
        leave: nothing ? 0 : leave(i, ask.lane, amounts[i]!, owed, now),
      });
    return store.take(claims, ask.ttlMs);
  }

  function granted(
    ask: QuotaAsk,
    amounts: readonly number[],
    taking: Taking & { ok: true },
    since: EpochMs,
    owed: boolean,
  ): QuotaDecision {
    const now = clock.now();
    begun = true;
    for (let i = 0; i < limits.length; i++) {
      use[ask.lane][i] ??= useRate(USE_TAU);
      use[ask.lane][i]!.add(amounts[i]!, now);
    }
    line.accrue(costOf(amounts), ask.lane, owed);
    look(now);
    const { hold } = taking;
    const taken = limits;
    const close = (actual: readonly number[]): boolean => {
      if (!store.settle(hold, actual)) return false;
      if (line.size > 0 || returned.length > 0) pump();
      return true;
    };
    return {
      ok: true,
      waitedMs: now - since,
      settle(actual) {
        const figures = taken.map(({ amountOf }) => amountOf(actual));
        for (let i = 0; i < taken.length; i++)
          if (taken[i]!.daily) days.add(taken[i]!.axis, ask.lane, figures[i]!, clock.now());
        return close(figures);
      },
      release: () => close(NOTHING),
    };
  }

  /** Tells changes of pressure; not with every call, since nobody acts on it that fast. */
  function look(now: EpochMs): void {
    if (now < lookAt) return;
    lookAt = now + LOOK_EVERY;
    for (const limit of limits) {
      const { axis, account } = limit;
      const { share, used, settled } = store.read(account);
      if (limit.daily) days.look(limit, limit.rate > 0 ? used : settled, now);
      const from = pressures.get(axis) ?? 'calm';
      const to = pressureOf(from, share);
      if (to === from) continue;
      pressures.set(axis, to);
      onEvent?.({ type: 'pressure', at: now, scope: name, axis, from, to });
    }
  }

  const binding = (): QuotaAxis => {
    let axis = limits[0]!.axis;
    let most = Number.NEGATIVE_INFINITY;
    for (const limit of limits) {
      const { share } = store.read(limit.account);
      if (share > most) {
        most = share;
        axis = limit.axis;
      }
    }
    return axis;
  };

  /** What the lanes above use of limit `i`, per millisecond. */
  function usedAbove(i: number, lane: Lane, now: EpochMs): number {
    let above = 0;
    for (const other of LANES) {
      if (other === lane) break;
      above += use[other][i]?.read(now) ?? 0;
    }
    return above;
  }

  /** How long a newcomer would have to wait, and for which axis. */
  function wait(ask: QuotaAsk, newcomer: Waiting, amounts: readonly number[], now: EpochMs) {
    let longest = 0;
    let axis = binding();
    const before = limits.map(() => ({ above: 0, own: 0 }));
    line.each((waiter) => {
      if (LANES.indexOf(waiter.lane) < LANES.indexOf(ask.lane))
        for (let i = 0; i < before.length; i++) before[i]!.above += waiter.amounts[i]!;
    });
    const own = ({ amounts: theirs }: Waiter) => {
      for (let i = 0; i < before.length; i++) before[i]!.own += theirs[i]!;
    };
    line.ahead(newcomer, own);
    returned.forEach(own);
    for (let i = 0; i < limits.length; i++) {
      const limit = limits[i]!;
      const ms = waitOf({
        limit,
        level: limit.depth - store.read(limit.account).used,
        before: before[i]!,
        amount: amounts[i]!,
        leave: toAbove(i, ask.lane, amounts[i]!, now),
        above: usedAbove(i, ask.lane, now),
        floor: lanes()[ask.lane].floor,
        most: lanes()[ask.lane].stopAt,
        needed: (at) => kept.needed(i, limit.rate, at),
        kept: kept.size > 0,
        promised: () => kept.promised(i, limit.endsAt),
        now,
      });
      if (ms > longest) {
        longest = ms;
        axis = limit.axis;
      }
    }
    return { ms: longest, axis };
  }

  function later(ask: QuotaAsk, amounts: readonly number[], back: boolean, taking: Taking | undefined) {
    const now = clock.now();
    const newcomer: Waiting = { lane: ask.lane, tenant: ask.tenant ?? '', cost: costOf(amounts) };
    if (taking && !taking.ok && taking.why === 'away') return away(taking);
    const { ms, axis } = back
      ? { ms: taking && !taking.ok ? taking.waitMs : 0, axis: axisOf(taking) }
      : wait(ask, newcomer, amounts, now);
    const deadline = back ? Math.max(ask.deadline ?? 0, now + LATENESS) : (ask.deadline ?? now);
    if (ask.signal?.aborted) return { ok: false, why: 'left', axis, kept: false } as const;
    if (now + ms > deadline || deadline <= now) return sendAway(ask, amounts, 'deadline', axis, ms, now);
    if (line.size >= lanes().queue) return sendAway(ask, amounts, 'full', axis, ms, now);
    return queue(ask, amounts, newcomer, back, deadline, now);
  }

  const axisOf = (taking: Taking | undefined): QuotaAxis =>
    (taking && !taking.ok && limits.find(({ account }) => account === taking.claim.account)?.axis) ||
    binding();

  const away = (taking: Taking): QuotaDecision => ({
    ok: false,
    why: 'away',
    axis: axisOf(taking),
    retryAfterMs: AWAY_RETRY,
    kept: false,
  });

  function sendAway(
    ask: QuotaAsk,
    amounts: readonly number[],
    why: 'deadline' | 'full',
    axis: QuotaAxis,
    ms: number,
    now: EpochMs,
  ): QuotaDecision {
    const caller = callerOf(ask);
    // Without a name nobody could find his place; with more of them than one caller may have the last one has to do.
    const last = kept.full(caller);
    const soonest = now + Math.ceil(ms * MARGIN) + 1;
    const due = last?.due ?? Math.max(soonest, lastDue[ask.lane] + spacing(ask.lane, amounts, now));
    const keeps =
      last === undefined &&
      ask.caller !== undefined &&
      kept.keep({ caller, due, estimate: ask.estimate, amounts });
    if (keeps) lastDue[ask.lane] = due;
    return { ok: false, why, axis, retryAfterMs: Math.max(1, Math.ceil(due - now)), kept: keeps };
  }

  /**
   * Milliseconds between a place and the one before it in its lane: they come one after another at a share of what the lanes
   * above leave of the refill. So a newcomer is always served from the rest, and what background work was promised does not
   * make people wait. Where nobody has used the rest lately more is promised: one who comes in bursts and alone would be sent
   * away for four times as long as his places take. Of amounts counts what is likely to be fetched.
   */
  function spacing(lane: Lane, amounts: readonly number[], now: EpochMs): number {
    const coming = Math.max(LEAST_COMING, kept.coming);
    let ms = 0;
    for (let i = 0; i < limits.length; i++) {
      const { rate } = limits[i]!;
      if (rate === 0) continue;
      const own = Math.max(rate * Math.max(lanes()[lane].floor, LEAST_SHARE), rate - usedAbove(i, lane, now));
      const spare = rate - LANES.reduce((sum, any) => sum + (use[any][i]?.read(now) ?? 0), 0);
      ms = Math.max(
        ms,
        (amounts[i]! * coming) / Math.max(own * KEPT_SHARE, Math.min(spare, own * ALONE_SHARE)),
      );
    }
    return Math.ceil(ms);
  }

  function queue(
    ask: QuotaAsk,
    amounts: readonly number[],
    newcomer: Waiting,
    back: boolean,
    deadline: EpochMs,
    now: EpochMs,
  ): Promise<QuotaDecision> {
    return new Promise((resolve) => {
      const leave = (decide: () => QuotaDecision) => {
        if (!quit(waiter)) return;
        waiter.decide(decide());
        // Whoever stood behind may fit where this one did not.
        pump();
      };
      const stop = clock.after(deadline - now, () => {
        // What has been filled up while we stood still is dealt out before anybody is sent away for want of it.
        pump();
        leave(() => {
          const at = clock.now();
          const { ms, axis } = wait(ask, newcomer, amounts, at);
          return sendAway(ask, amounts, 'deadline', axis, ms, at);
        });
      });
      const onAbort = () => leave(() => ({ ok: false, why: 'left', axis: binding(), kept: false }));
      const waiter: Waiter = {
        ...newcomer,
        ask,
        amounts,
        since: now,
        returned: back,
        decide(decision) {
          stop();
          ask.signal?.removeEventListener('abort', onAbort);
          resolve(decision);
        },
      };
      ask.signal?.addEventListener('abort', onAbort, { once: true });
      if (back) returned.push(waiter);
      else line.add(waiter);
      pump();
    });
  }

  function quit(waiter: Waiter, served = false): boolean {
    if (!waiter.returned) return line.remove(waiter, served);
    const at = returned.indexOf(waiter);
    if (at >= 0) returned.splice(at, 1);
    return at >= 0;
  }

  /** Serves the line as far as there is something to give, then sleeps until there is more. */
  function pump(): void {
    if (asking) return;
    stopTimer?.();
    stopTimer = undefined;
    for (;;) {
      const now = clock.now();
      if (now >= rollAt) renew(now);
      kept.lapse(now);
      const first = returned[0];
      const next = first ? { waiter: first, owed: false } : line.head();
      if (!next) return;
      const { waiter, owed } = next;
      const taking = take(waiter.ask, waiter.amounts, waiter.returned, owed, now);
      if (taking instanceof Promise) {
        asking = true;
        taking.then((taken) => {
          asking = false;
          if (serve(waiter, owed, taken)) pump();
        });
        return;
      }
      if (!serve(waiter, owed, taking)) return;
    }
  }

  /** False when the line has to wait. */
  function serve(waiter: Waiter, owed: boolean, taking: Taking): boolean {
    if (!taking.ok) {
      if (taking.why === 'short') {
        stopTimer = clock.after(Math.min(Math.max(1, taking.waitMs), LONGEST_REFUSAL), pump);
        return false;
      }
      if (quit(waiter)) waiter.decide(away(taking));
      return true;
    }
    if (!quit(waiter, true)) {
      store.settle(taking.hold, NOTHING);
      return true;
    }
    waiter.decide(granted(waiter.ask, waiter.amounts, taking, waiter.since, owed));
    return true;
  }

  function reserve(ask: QuotaAsk): QuotaDecision | Promise<QuotaDecision> {
    const now = clock.now();
    if (now < seenAt - PUT_BACK) putBack(now);
    seenAt = now;
    if (now >= rollAt) renew(now);
    const amounts = vector(ask.estimate);
    for (let i = 0; i < limits.length; i++)
      if (amounts[i]! > limits[i]!.limit)
        return { ok: false, why: 'never', axis: limits[i]!.axis, kept: false };
    let place: Place | undefined;
    let back = false;
    if (kept.size > 0) {
      kept.lapse(now);
      place = kept.find(callerOf(ask), amounts, now);
      back = place !== undefined && now >= place.due;
    }
    if (back) kept.drop(place!, true);
    else if (line.blocks(ask.lane)) return later(ask, amounts, false, undefined);
    const decide = (taking: Taking): QuotaDecision | Promise<QuotaDecision> => {
      if (!taking.ok) return later(ask, amounts, back, taking);
      if (place && !back) kept.drop(place, true);
      return granted(ask, amounts, taking, now, false);
    };
    const taking = take(ask, amounts, back, false, now);
    return taking instanceof Promise ? taking.then(decide) : decide(taking);
  }

  return {
    reserve,
    observe(readings) {
      const now = clock.now();
      for (const { axis, limit, remaining } of readings) {
        const mine = limits.find((l) => l.axis === axis);
        if (!mine || !config.learn) continue;
        if (limit !== undefined && limit > 0 && limit !== mine.published) {
          lowered.set(axis, limit);
          renew(now);
        }
        if (remaining !== undefined) store.lower(mine.account, remaining);
      }
    },
    refused(retryAfterMs, axis) {
      const mine = limits.find((l) => l.axis === axis) ?? limits.find((l) => l.rate > 0);
      if (mine) store.lower(mine.account, -mine.rate * Math.min(retryAfterMs, LONGEST_REFUSAL));
    },
    reading() {
      const now = clock.now();
      look(now);
      const axes = limits.map((one) => {
        const { axis, account } = one;
        const { share, left } = store.read(account);
        const end = one.daily ? days.exhaustsAt(one, left, now) : undefined;
        return {
          axis,
          limit: one.limit,
          share,
          left,
          pressure: pressures.get(axis) ?? 'calm',
          ...(end !== undefined && { exhaustsAt: end }),
        };
      });
      const tightest = axes.reduce((most, one) => (one.share > most.share ? one : most));
      const waiting = Object.fromEntries(LANES.map((lane) => [lane, line.sizeOf(lane)])) as Record<
        Lane,
        number
      >;
      return {
        scope: name,
        pressure: tightest.pressure,
        binding: tightest.axis,
        axes,
        waiting,
        kept: kept.size,
      };
    },
    configure(next) {
      config = next;
      renew(clock.now());
      // Limits may have come or gone: amounts are by limit.
      const recount = (w: Waiter) => {
        w.amounts = vector(w.ask.estimate);
      };
      line.each(recount);
      returned.forEach(recount);
      kept.each((place) => {
        place.amounts = vector(place.estimate);
      });
      pump();
    },
  };
}

const NOTHING: readonly number[] = Object.freeze([]);
const callerOf = ({ lane, tenant = '', caller = '' }: QuotaAsk): string => `${lane} ${tenant} ${caller}`;
const rollOf = (limits: readonly Limit[]): EpochMs =>
  limits.reduce(
    (first, { endsAt = Number.POSITIVE_INFINITY }) => Math.min(first, endsAt),
    Number.POSITIVE_INFINITY,
  );
