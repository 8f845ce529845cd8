import {
  type Clock,
  LANES,
  type Lane,
  type LanesConfig,
  type QuotaAmounts,
  type QuotaAxis,
  type QuotaDecision,
  type QuotaRefusal,
} from '#contracts';
import { type VirtualClock, virtualClock } from '#kernel';
import { answerEstimate } from './quota/answers.ts';
import { createQuotas, type Quotas, type QuotaTable } from './quota/quotas.ts';
import { createMemoryStore } from './store/memory.ts';

/** One call that is pretended. */
export interface SimulatedCall {
  /** Milliseconds since the first. */
  readonly at: number;
  readonly provider: string;
  readonly model: string;
  readonly lane: Lane;
  readonly tenant?: string;
  readonly amounts: QuotaAmounts;
  /** How long its answer takes. */
  readonly ms: number;
}

/** What became of some of the calls. */
export interface SimulatedFate {
  readonly asked: number;
  readonly atOnce: number;
  /** Let through after a wait in line. */
  readonly waited: number;
  /** Sent away with a `retry-after`, came back when told to and were let through. */
  readonly returned: number;
  readonly refused: number;
  readonly why: Readonly<Partial<Record<QuotaRefusal['why'], number>>>;
  /** From the first word to being let through, of those that were, milliseconds. */
  readonly waitMs: { readonly p50: number; readonly p95: number; readonly most: number };
}

export interface SimulatedAxis {
  readonly axis: QuotaAxis;
  /** A minute or a day, headroom taken off. */
  readonly limit: number;
  /** Of it used, over the whole time and in the busiest minute; of a daily axis both say the whole. */
  readonly used: number;
  readonly busiest: number;
}

export interface QuotaForecast {
  readonly spanMs: number;
  readonly all: SimulatedFate;
  readonly lanes: Readonly<Record<Lane, SimulatedFate>>;
  readonly tenants: Readonly<Record<string, SimulatedFate>>;
  readonly scopes: readonly {
    readonly scope: string;
    /** Named by the ledger while it was short; else the one most used. */
    readonly binding: QuotaAxis;
    readonly axes: readonly SimulatedAxis[];
  }[];
  /** Calls that no quota of the table counts: all let through, and in no figure above. */
  readonly unlimited: number;
}

export interface SimulateOptions {
  readonly table: QuotaTable;
  readonly lanes: LanesConfig;
  /** In order of `at`. */
  readonly calls: readonly SimulatedCall[];
  /** How long each lane has for waiting and answer together, milliseconds. */
  readonly patience: Readonly<Record<Lane, number>>;
}

const MINUTE = 60_000;
const LOOK_EVERY = 5_000;
/** Nobody comes back after so long. */
const LONGEST_RETURN = 5 * MINUTE;

/**
 * What the limits would do to a load: the ledger itself, on a clock of its own, with nothing used before. Calls are sent away
 * and come back once, as the vendors' clients do; what they ask for is what the ledger expects of them, what they use is the truth.
 */
export async function simulateQuotas(options: SimulateOptions): Promise<QuotaForecast> {
  const { table, lanes, calls, patience } = options;
  // Nothing here reads a stream: promises come to rest within one round.
  const clock = virtualClock({ settle: 1 });
  const quotas = createQuotas({ store: createMemoryStore({ clock }), clock, table, lanes });
  const answers = answerEstimate();
  const books = new Books(clock, calls.at(-1)?.at ?? 0);
  const began = clock.now();

  const reserve = (call: SimulatedCall, i: number, until: number) => {
    const { provider, model, lane, tenant, amounts } = call;
    return quotas.reserve({
      provider,
      model,
      credential: CREDENTIAL,
      lane,
      ...(tenant !== undefined && { tenant }),
      caller: `${i}`,
      estimate: { ...amounts, tokensOut: answers.tokens(`${provider} ${model}`) },
      deadline: until - answers.ms(`${provider} ${model}`),
      ttlMs: patience[lane],
    });
  };
  const serve = async (call: SimulatedCall, grant: QuotaDecision & { ok: true }) => {
    books.uses(call);
    await clock.sleep(call.ms);
    const { provider, model, amounts, ms } = call;
    answers.saw(`${provider} ${model}`, { tokens: amounts.tokensOut, ms, cached: 0 }, clock.now());
    grant.settle(amounts);
  };
  const one = async (call: SimulatedCall, i: number): Promise<void> => {
    const since = clock.now();
    const asked = reserve(call, i, since + patience[call.lane]);
    if (asked === undefined) return books.free();
    const first = await asked;
    if (first.ok) {
      books.let(call, first.waitedMs > 0 ? 'waited' : 'atOnce', clock.now() - since);
      return serve(call, first);
    }
    const { retryAfterMs } = first;
    if (retryAfterMs === undefined || retryAfterMs > LONGEST_RETURN) return books.refuse(call, first.why);
    // Whoever counts seconds comes back at the next whole one.
    await clock.sleep(Math.ceil(retryAfterMs / 1_000) * 1_000);
    const again = await reserve(call, i, clock.now() + patience[call.lane]);
    if (!again?.ok) return books.refuse(call, again?.why ?? first.why);
    books.let(call, 'returned', clock.now() - since);
    return serve(call, again);
  };

  const all: Promise<void>[] = [];
  const asking = async () => {
    for (const [i, call] of calls.entries()) {
      const wait = began + call.at - clock.now();
      if (wait > 0) await clock.sleep(wait);
      all.push(one(call, i));
    }
    await Promise.all(all);
  };
  const stop = clock.every(LOOK_EVERY, () => books.look(quotas));
  await clock.run(asking());
  stop();
  return books.read(quotas);
}

const CREDENTIAL = 'pretended';

/** How an axis counts a call; what no quota limits is in no scope. */
const COUNTS: Readonly<Record<QuotaAxis, (amounts: QuotaAmounts) => number>> = {
  requests: () => 1,
  tokensIn: ({ tokensIn }) => tokensIn,
  tokensOut: ({ tokensOut }) => tokensOut,
  tokens: ({ tokensIn, tokensOut }) => tokensIn + tokensOut,
  requestsPerDay: () => 1,
  tokensPerDay: ({ tokensIn, tokensOut }) => tokensIn + tokensOut,
};
const DAILY = new Set<QuotaAxis>(['requestsPerDay', 'tokensPerDay']);

type Way = 'atOnce' | 'waited' | 'returned';

class Fate {
  private readonly ways: Record<Way, number> = { atOnce: 0, waited: 0, returned: 0 };
  private readonly why: Partial<Record<QuotaRefusal['why'], number>> = {};
  private readonly waits: number[] = [];
  private refused = 0;

  let(way: Way, wait: number): void {
    this.ways[way]++;
    this.waits.push(wait);
  }

  refuse(why: QuotaRefusal['why']): void {
    this.refused++;
    this.why[why] = (this.why[why] ?? 0) + 1;
  }

  read(): SimulatedFate {
    const { ways, why, refused } = this;
    const waits = this.waits.toSorted((a, b) => a - b);
    const at = (q: number) => waits[Math.min(waits.length - 1, Math.floor(q * waits.length))] ?? 0;
    const asked = ways.atOnce + ways.waited + ways.returned + refused;
    return { asked, ...ways, refused, why, waitMs: { p50: at(0.5), p95: at(0.95), most: waits.at(-1) ?? 0 } };
  }
}

class Books {
  private readonly clock: Pick<Clock, 'now'>;
  private readonly began: number;
  private readonly everybody = new Fate();
  private readonly lanes: Record<Lane, Fate> = {
    interactive: new Fate(),
    normal: new Fate(),
    batch: new Fate(),
  };
  private readonly tenants = new Map<string, Fate>();
  /** By provider and model, one sum an axis and minute. */
  private readonly used = new Map<string, Map<QuotaAxis, Map<number, number>>>();
  private readonly named = new Map<string, Map<QuotaAxis, number>>();
  private readonly spanMs: number;
  private unlimited = 0;

  constructor(clock: VirtualClock, spanMs: number) {
    this.clock = clock;
    this.spanMs = spanMs;
    this.began = clock.now();
  }

  free(): void {
    this.unlimited++;
  }

  let(call: SimulatedCall, way: Way, wait: number): void {
    for (const fate of this.fates(call)) fate.let(way, wait);
  }

  refuse(call: SimulatedCall, why: QuotaRefusal['why']): void {
    for (const fate of this.fates(call)) fate.refuse(why);
  }

  uses({ provider, model, amounts }: SimulatedCall): void {
    const name = `${provider} ${model}`;
    const axes = this.used.get(name) ?? new Map<QuotaAxis, Map<number, number>>();
    this.used.set(name, axes);
    const since = this.clock.now() - this.began;
    // Those who come back after the last newcomer would be set against a time in which nobody came.
    if (since > this.spanMs) return;
    const minute = Math.floor(since / MINUTE);
    for (const [axis, count] of Object.entries(COUNTS) as [QuotaAxis, (of: QuotaAmounts) => number][]) {
      const minutes = axes.get(axis) ?? new Map<number, number>();
      axes.set(axis, minutes);
      minutes.set(minute, (minutes.get(minute) ?? 0) + count(amounts));
    }
  }

  look(quotas: Quotas): void {
    for (const { scope, binding, pressure } of quotas.readings()) {
      if (pressure === 'calm') continue;
      const named = this.named.get(scope) ?? new Map<QuotaAxis, number>();
      this.named.set(scope, named);
      named.set(binding, (named.get(binding) ?? 0) + 1);
    }
  }

  read(quotas: Quotas): QuotaForecast {
    const { spanMs } = this;
    const minutes = Math.max(1, spanMs / MINUTE);
    const sums = this.sums(quotas);
    return {
      spanMs,
      all: this.everybody.read(),
      lanes: Object.fromEntries(
        LANES.map((lane) => [lane, this.lanes[lane].read()]),
      ) as QuotaForecast['lanes'],
      tenants: Object.fromEntries([...this.tenants].map(([tenant, fate]) => [tenant, fate.read()])),
      scopes: quotas.readings().map(({ scope, axes }) => {
        const read = axes.map(({ axis, limit }): SimulatedAxis => {
          const each = [...(sums.get(scope)?.get(axis)?.values() ?? [])];
          const sum = each.reduce((a, b) => a + b, 0);
          if (DAILY.has(axis)) return { axis, limit, used: sum / limit, busiest: sum / limit };
          return { axis, limit, used: sum / limit / minutes, busiest: Math.max(0, ...each) / limit };
        });
        const named = [...(this.named.get(scope) ?? [])].sort((a, b) => b[1] - a[1])[0]?.[0];
        const most = read.toSorted((a, b) => b.used - a.used)[0] as SimulatedAxis;
        return { scope: scope.replace(` ${CREDENTIAL} `, ' '), binding: named ?? most.axis, axes: read };
      }),
      unlimited: this.unlimited,
    };
  }

  private fates({ lane, tenant = 'nobody' }: SimulatedCall): readonly Fate[] {
    const theirs = this.tenants.get(tenant) ?? new Fate();
    this.tenants.set(tenant, theirs);
    return [this.everybody, this.lanes[lane], theirs];
  }

  /** Several models may share one scope. */
  private sums(quotas: Quotas): ReadonlyMap<string, ReadonlyMap<QuotaAxis, ReadonlyMap<number, number>>> {
    const sums = new Map<string, Map<QuotaAxis, Map<number, number>>>();
    for (const [name, axes] of this.used) {
      const [provider, model] = [name.slice(0, name.indexOf(' ')), name.slice(name.indexOf(' ') + 1)];
      const scope = quotas.reading({ provider, model, credential: CREDENTIAL })?.scope ?? '';
      const into = sums.get(scope) ?? new Map<QuotaAxis, Map<number, number>>();
      sums.set(scope, into);
      for (const [axis, minutes] of axes) {
        const sum = into.get(axis) ?? new Map<number, number>();
        into.set(axis, sum);
        for (const [minute, amount] of minutes) sum.set(minute, (sum.get(minute) ?? 0) + amount);
      }
    }
    return sums;
  }
}
