import type { ShadowDrop, ShadowTraffic, SpoolStats } from '#contracts';
import type { GatewayStats } from '#gateway';

/** What one gateway thread has done since its start. */
export interface ThreadReport {
  readonly gateway: GatewayStats;
  /** Of its own recorder; size and age of the spool are those of the folder, which all share. */
  readonly spool: Pick<SpoolStats, 'taken' | 'waiting' | 'dropped' | 'trouble'>;
  /** Copies, by route. */
  readonly shadows: readonly ShadowTraffic[];
}

export const NO_REPORT: ThreadReport = Object.freeze({
  gateway: {
    inFlight: 0,
    streams: 0,
    requests: 0,
    authFailures: 0,
    lag: { stalls: 0, lateMs: 0, worstMs: 0 },
  },
  spool: { taken: 0, waiting: 0, dropped: 0 },
  shadows: [],
});

/** Both together. */
export function plus<S extends ThreadReport['spool']>(
  one: { readonly gateway: GatewayStats; readonly spool: S },
  { gateway, spool }: Pick<ThreadReport, 'gateway' | 'spool'>,
): { readonly gateway: GatewayStats; readonly spool: S } {
  const trouble = one.spool.trouble ?? spool.trouble;
  return {
    gateway: {
      inFlight: one.gateway.inFlight + gateway.inFlight,
      streams: one.gateway.streams + gateway.streams,
      requests: one.gateway.requests + gateway.requests,
      authFailures: one.gateway.authFailures + gateway.authFailures,
      lag: {
        stalls: one.gateway.lag.stalls + gateway.lag.stalls,
        lateMs: one.gateway.lag.lateMs + gateway.lag.lateMs,
        worstMs: Math.max(one.gateway.lag.worstMs, gateway.lag.worstMs),
      },
    },
    spool: {
      ...one.spool,
      taken: one.spool.taken + spool.taken,
      waiting: one.spool.waiting + spool.waiting,
      dropped: one.spool.dropped + spool.dropped,
      ...(trouble !== undefined && { trouble }),
    },
  };
}

/** Copies of several threads, by route. */
export function copiesOf(lists: readonly (readonly ShadowTraffic[])[]): readonly ShadowTraffic[] {
  const routes = new Map<string, ShadowTraffic>();
  for (const { route, asked, underWay, dropped } of lists.flat()) {
    const before = routes.get(route) ?? { route, asked: 0, underWay: 0, dropped: {} };
    const drops = { ...before.dropped };
    for (const [why, n] of Object.entries(dropped) as [ShadowDrop, number][])
      drops[why] = (drops[why] ?? 0) + n;
    routes.set(route, {
      route,
      asked: before.asked + asked,
      underWay: before.underWay + underWay,
      dropped: drops,
    });
  }
  return [...routes.values()];
}
