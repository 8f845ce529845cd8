import type { EpochMs, ExchangeFacts, Finished, TierCount, TierCounts } from '#contracts';
import { inMix } from '#contracts';
import { drawBinomial } from '#kernel/stats';
import { createTiers, type Tiers } from '#tiers';
import type { SceneContext } from './define.ts';
import type { Question, Rehearsal } from './rehearsal.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** 10,000 exchanges a day. */
export const PER_HOUR = 416;
/** Served below the first tier for good reason: the ask does not fit its window. */
export const BASE = 0.005;
export const RULES = 9;
/** Each rule is ramped to this within twenty days of its own, so that 0.5 % becomes 38 % in 180. */
export const STEP = 0.0417;
const RAMP = 20;

/** Share that a rule takes, days since its ramp began. */
export const rampOf = (day: number): number => STEP * Math.min(1, Math.max(0, day / RAMP));

const WINDOW = 1_000;
const LAW = { firstToken: { median: 0, sigma: 0 }, gap: { median: 0, sigma: 0 }, tokens: { median: 4 } };
export const WORLD = JSON.stringify({
  models: { large: { ...LAW, context: WINDOW }, small: LAW },
});

export interface RuleText {
  readonly id: string;
  readonly [key: string]: unknown;
}

/** A route whose mix is declared, with rules that send what carries their name as a feature to the lower tier. */
export const configOf = (demoted: number, rules: readonly RuleText[]): string =>
  JSON.stringify({
    providers: { sim: { kind: 'simulator', free: true } },
    routes: {
      chat: {
        tiers: [
          { name: 'primary', targets: [{ provider: 'sim', model: 'large', contextWindow: WINDOW }] },
          { name: 'secondary', targets: [{ provider: 'sim', model: 'small', contextWindow: 100_000 }] },
        ],
        mix: { primary: { target: 1 - demoted, owner: 'ana' } },
        demotions: rules.map((rule) => ({
          from: 'primary',
          to: 'secondary',
          owner: 'ana',
          reason: 'router_score',
          maxShare: 1,
          expiresAt: '2099-01-01',
          when: { feature: rule.id },
          ...rule,
        })),
      },
    },
  });

const TOO_LONG = 'far too long for the first window. '.repeat(300);

/** An ask that overflows the window of the first tier, or one of a feature. */
export const question = (feature?: string, overflows = false): Question => ({
  path: '/v1/chat/completions',
  headers: feature === undefined ? {} : { 'x-midwatch-feature': feature },
  body: {
    model: 'chat',
    max_tokens: 4,
    messages: [{ role: 'user', content: overflows ? TOO_LONG : 'What is 17*23?' }],
  },
});

/** The product's gateway with its rules and its watch, and a record that also holds what was only counted. */
export interface Mixed {
  readonly rehearsal: Rehearsal;
  readonly tiers: Tiers;
  /** Exchanges of this hour that no rule and no fault touches: they are counted and not made. */
  count(count: Omit<TierCount, 'at' | 'route'>): void;
  /** What was made, counted from the records of the gateway one by one. */
  recorded(): readonly TierCount[];
}

export function mixed(context: Pick<SceneContext, 'rehearse'>, config: string): Mixed {
  const counted: TierCount[] = [];
  let tiers: Tiers | undefined;
  const fold = folding();
  const recorded = () => fold(rehearsal);
  const record: TierCounts = {
    hours: async ({ from, to }) =>
      [...counted, ...recorded()].filter(({ at }) => at >= Math.floor(from / HOUR) * HOUR && at < to),
    tenants: async () => [],
    users: async () => [],
  };
  const rehearsal = context.rehearse({
    world: WORLD,
    config,
    steer: ({ clock, config: read }) => {
      tiers = createTiers({ clock, config: read, record, late: () => 0, log: () => undefined });
      return [tiers.steerer];
    },
  });
  return {
    rehearsal,
    tiers: tiers as unknown as Tiers,
    count: (count) => counted.push({ at: hourOf(rehearsal.clock.now()), route: 'chat', ...count }),
    recorded,
  };
}

export const hourOf = (at: EpochMs): EpochMs => Math.floor(at / HOUR) * HOUR;

/** Counts records that have come since the last time; the same ones again would make a long climb slow. */
function folding(): (rehearsal: Rehearsal) => readonly TierCount[] {
  const counts = new Map<string, TierCount>();
  let folded = 0;
  return ({ finished }) => {
    for (; folded < finished.length; folded++) add(counts, (finished[folded] as Finished).facts);
    return [...counts.values()];
  };
}

function add(counts: Map<string, TierCount>, { tier, at, route, source, attempts }: ExchangeFacts): void {
  const { served, intended, demotedBy, reason } = tier;
  if (!inMix(source, attempts.length, served !== intended)) return;
  const key = [hourOf(at), served, demotedBy, reason].join(' ');
  counts.set(key, {
    at: hourOf(at),
    route,
    tier: served,
    ...(demotedBy !== undefined && { by: demotedBy }),
    ...(reason !== undefined && { reason }),
    exchanges: (counts.get(key)?.exchanges ?? 0) + 1,
  });
}

/** What one hour of traffic brings, by how each exchange comes to its tier. */
export interface HourDraw {
  /** Made through the gateway. */
  readonly overflowing: number;
  readonly climbing: number;
  /** By rules that stand as they were approved: only counted. */
  readonly standing: readonly number[];
  readonly primary: number;
}

export function drawHour(
  random: () => number,
  shares: { readonly climbing: number; readonly standing: number },
): HourDraw {
  let left = PER_HOUR;
  let open = 1;
  /** Each exchange has one fate: drawn apart, the sum of many shares would scatter more than any real one. */
  const take = (share: number) => {
    const n = drawBinomial(random, left, Math.min(1, share / open));
    left -= n;
    open -= share;
    return n;
  };
  const overflowing = take(BASE);
  const standing = Array.from({ length: shares.standing }, () => take(STEP));
  const climbing = take(shares.climbing);
  return { overflowing, standing, climbing, primary: left };
}
