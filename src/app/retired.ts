import { type Clock, type Config, type EpochMs, type FallbackReport, ok } from '#contracts';
import type { EdgeReading, Gateway } from '#gateway';
import { retirementOf } from '#providers';
import { kindOf } from './config/index.ts';

const DAY = 86_400_000;
/** So long before its last day a model is no fallback to rely on: what Anthropic gives as notice at least. */
const NOTICE = 60 * DAY;

/** Fallbacks with a word on those whose model is shut down, or soon is: nothing else would tell before the day. */
export const withRetirements = (
  edges: readonly EdgeReading[],
  providers: Config['providers'],
  now: EpochMs,
): readonly EdgeReading[] =>
  edges.map((edge) => {
    const report = reportOf(edge, providers, now);
    return report ? { ...edge, reports: [report, ...edge.reports] } : edge;
  });

function reportOf(
  { provider, model }: EdgeReading,
  providers: Config['providers'],
  now: EpochMs,
): FallbackReport | undefined {
  const settings = providers[provider];
  const kind = settings && kindOf(provider, settings);
  const last = settings?.retires?.[model] ?? (kind && retirementOf(kind.name, model));
  if (last === undefined || now < last - NOTICE) return undefined;
  const day = new Date(last).toISOString().slice(0, 10);
  const text =
    now >= last
      ? `its model ${model} was shut down by its provider on ${day}`
      : `its model ${model} is shut down by its provider on ${day}, in ${Math.ceil((last - now) / DAY)} days`;
  return { kind: 'retired', text };
}

/** The fallbacks of a gateway and their drill, as the control plane shows them. */
export function fallbacksOf(
  { proofs, drill }: Pick<Gateway, 'proofs' | 'drill'>,
  providers: () => Config['providers'],
  clock: Clock,
) {
  const told = (edges: readonly EdgeReading[]) => withRetirements(edges, providers(), clock.now());
  return {
    fallbacks: () => told(proofs.read()),
    drillFallbacks: async (...order: Parameters<typeof drill>) => {
      const drilled = await drill(...order);
      return drilled.ok ? ok({ ...drilled.value, edges: told(drilled.value.edges) }) : drilled;
    },
  };
}
