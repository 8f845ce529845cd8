import { LANES, type Lane, type LanesConfig } from '#contracts';

/** Somebody in the line. */
export interface Waiting {
  readonly lane: Lane;
  readonly tenant: string;
  /** Largest share of any limit that it takes (dominant share): one figure for several axes. */
  readonly cost: number;
}

interface Tenant<W> {
  readonly waiters: W[];
  /** Finish tag of the last one served. Tags are given at the head: who gives up must not cost his tenant a turn. */
  finish: number;
}

interface LaneLine<W> {
  readonly tenants: Map<string, Tenant<W>>;
  size: number;
  /** Start tag of who was served last. */
  virtual: number;
  /** What the floor owes this lane. */
  credit: number;
}

export interface Line<W extends Waiting> {
  readonly size: number;
  sizeOf(lane: Lane): number;
  /** Whether a newcomer of this lane has to stand behind somebody. */
  blocks(lane: Lane): boolean;
  add(waiter: W): void;
  /** `served`: it was his turn; otherwise he gave up. */
  remove(waiter: W, served: boolean): boolean;
  /** Whose turn it is; `owed`: by the lane's floor, so it needs to leave nothing to those above. */
  head(): { readonly waiter: W; readonly owed: boolean } | undefined;
  /** Somebody was served, from the line or past it: floors of those who wait accrue. `owed` as `head` said. */
  accrue(cost: number, lane: Lane, owed: boolean): void;
  each(visit: (waiter: W) => void): void;
  /** Everybody of his lane who goes before a newcomer like this one, as things stand. */
  ahead(newcomer: Waiting, visit: (waiter: W) => void): void;
}

/** A lane saves up at most this much of a limit's minute; an hour of waiting is no right to an hour's worth at once. */
const MOST_CREDIT = 0.1;
/** Tenants without anybody waiting are remembered until their tags no longer matter, or there are this many. */
const MOST_TENANTS = 1_000;

/**
 * Lanes strictly by rank, but for a floor: a lane that waits earns `floor` of all that is served, and goes first once it has
 * earned its head. Within a lane start-time fair queueing (Goyal, Vin, Cheng 1996) over tenants: S = max(V, F of the tenant),
 * F = S + cost/weight, lowest S first; whoever floods the lane delays himself. Costs are dominant shares (Ghodsi et al. 2012).
 */
export function createLine<W extends Waiting>(config: () => LanesConfig): Line<W> {
  const lanes = Object.fromEntries(LANES.map((lane) => [lane, emptyLane<W>()])) as Record<Lane, LaneLine<W>>;
  let size = 0;

  const startOf = (line: LaneLine<W>, { finish }: Tenant<W>) => Math.max(line.virtual, finish);
  const weight = (tenant: string) => config().weights[tenant] ?? 1;

  function first(line: LaneLine<W>): W | undefined {
    if (line.size === 0) return undefined;
    let best: Tenant<W> | undefined;
    for (const tenant of line.tenants.values())
      if (tenant.waiters.length > 0 && (!best || startOf(line, tenant) < startOf(line, best))) best = tenant;
    return best?.waiters[0];
  }

  function tenantOf(line: LaneLine<W>, name: string): Tenant<W> {
    let tenant = line.tenants.get(name);
    if (tenant) return tenant;
    if (line.tenants.size >= MOST_TENANTS)
      for (const [other, { waiters, finish }] of line.tenants)
        if (waiters.length === 0 && finish <= line.virtual) line.tenants.delete(other);
    tenant = { waiters: [], finish: 0 };
    line.tenants.set(name, tenant);
    return tenant;
  }

  return {
    get size() {
      return size;
    },
    sizeOf: (lane) => lanes[lane].size,
    blocks(lane) {
      if (size === 0) return false;
      let above = true;
      for (const name of LANES) {
        const line = lanes[name];
        if (line.size > 0 && (above || line.credit >= first(line)!.cost)) return true;
        if (name === lane) above = false;
      }
      return false;
    },
    add(waiter) {
      const line = lanes[waiter.lane];
      tenantOf(line, waiter.tenant).waiters.push(waiter);
      line.size++;
      size++;
    },
    remove(waiter, served) {
      const line = lanes[waiter.lane];
      const tenant = line.tenants.get(waiter.tenant);
      const place = tenant?.waiters.indexOf(waiter) ?? -1;
      if (!tenant || place < 0) return false;
      tenant.waiters.splice(place, 1);
      line.size--;
      size--;
      if (served) {
        line.virtual = startOf(line, tenant);
        tenant.finish = line.virtual + waiter.cost / weight(waiter.tenant);
      }
      if (line.size === 0) {
        line.tenants.clear();
        line.virtual = 0;
        line.credit = 0;
      }
      return true;
    },
    head() {
      let top: W | undefined;
      for (const name of LANES) {
        const line = lanes[name];
        const head = first(line);
        if (!head) continue;
        if (line.credit >= head.cost) return { waiter: head, owed: true };
        top ??= head;
      }
      return top && { waiter: top, owed: false };
    },
    accrue(cost, lane, owed) {
      if (owed) lanes[lane].credit -= cost;
      if (size === 0) return;
      for (const name of LANES) {
        const line = lanes[name];
        if (line.size > 0) line.credit = Math.min(MOST_CREDIT, line.credit + config()[name].floor * cost);
      }
    },
    each(visit) {
      for (const name of LANES)
        for (const { waiters } of lanes[name].tenants.values()) for (const waiter of waiters) visit(waiter);
    },
    ahead({ lane, tenant }, visit) {
      const line = lanes[lane];
      const own = line.tenants.get(tenant);
      let start = own ? startOf(line, own) : line.virtual;
      for (const { cost } of own?.waiters ?? []) start += cost / weight(tenant);
      for (const [other, theirs] of line.tenants) {
        let tag = startOf(line, theirs);
        for (const waiter of theirs.waiters) {
          if (tag > start) break;
          visit(waiter);
          tag += waiter.cost / weight(other);
        }
      }
    },
  };
}

const emptyLane = <W>(): LaneLine<W> => ({ tenants: new Map(), size: 0, virtual: 0, credit: 0 });
