import type { SpoolStats } from '#contracts';
import type { GatewayStats } from '#gateway';

/** What one gateway thread has done since its start. */
export interface ThreadReport {
  readonly gateway: GatewayStats;
  /** Of its own recorder; size and age of the spool are those of the folder, which all share. */
  readonly spool: Pick<SpoolStats, 'taken' | 'waiting' | 'dropped' | 'trouble'>;
}

export const NO_REPORT: ThreadReport = Object.freeze({
  gateway: { inFlight: 0, streams: 0, requests: 0, authFailures: 0 },
  spool: { taken: 0, waiting: 0, dropped: 0 },
});

/** Both together. */
export function plus<S extends ThreadReport['spool']>(
  one: { readonly gateway: GatewayStats; readonly spool: S },
  { gateway, spool }: ThreadReport,
): { readonly gateway: GatewayStats; readonly spool: S } {
  const trouble = one.spool.trouble ?? spool.trouble;
  return {
    gateway: {
      inFlight: one.gateway.inFlight + gateway.inFlight,
      streams: one.gateway.streams + gateway.streams,
      requests: one.gateway.requests + gateway.requests,
      authFailures: one.gateway.authFailures + gateway.authFailures,
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
