import { type Clock, laneOf, type Protocol, type Route, type RouteTable } from '#contracts';
import { span, times } from '#contracts/say';
import type { Gateway } from '#gateway';
import { hourLabel } from '#kernel/resilience';
import type { Deferrable, Deferral } from '#runs';

const HALF_HOUR = 1_800_000;

interface Ports {
  readonly clock: Clock;
  readonly table: () => RouteTable;
  readonly climate: Pick<Gateway['climate'], 'calmest'>;
}

/**
 * When a run that can wait is begun: in one of the calmest half hours of the week of its route's first target, drawn among those that are alike,
 * at a moment drawn within it. All of them at the stroke of the calmest hour would be a rush hour of our own.
 */
export const deferrals =
  ({ clock, table, climate }: Ports) =>
  ({ protocol, facets, headers, within }: Deferrable): Deferral | undefined => {
    const route = routeOf(table(), protocol, facets.model, headers);
    const most = within ?? ownOf(route, headers);
    if (most === undefined || most === 0) return undefined;
    const target = route?.tiers.flatMap((tier) => tier.targets)[0];
    const model = target?.model ?? facets.model;
    // What no route serves is refused in the words of the gateway, when it is asked.
    if (!target) return undefined;
    const name = `${target.provider}/${model}`;
    const calm = climate.calmest({ provider: target.provider, model, zone: target.zone }, facets, most);
    if (!calm) return { says: `begins at once: less than four weeks are known of ${name}` };
    const one = calm[Math.floor(clock.random() * calm.length)];
    const wait = span(most);
    if (!one) return { says: `begins at once: no hour of ${name} within ${wait} is a tenth calmer` };
    const at = Math.round(Math.min(one.at + clock.random() * HALF_HOUR, clock.now() + most));
    const label = hourLabel(one.hour, target.zone, at);
    return {
      at,
      says: `put off to ${label}, within the ${wait} that it can wait: answers of ${name} then take ${times(one.ratio)} as long as now`,
    };
  };

function routeOf(
  table: RouteTable,
  protocol: Protocol,
  model: string,
  headers: Deferrable['headers'],
): Route | undefined {
  const { 'x-midwatch-feature': feature, 'x-midwatch-route': route } = headers;
  return table.match({
    model,
    protocol,
    ...(feature !== undefined && { feature }),
    ...(route !== undefined && { route }),
  });
}

/** As its route has it for its lane. */
function ownOf(route: Route | undefined, headers: Deferrable['headers']): number | undefined {
  const defer = route?.config.defer;
  const lane = laneOf(headers['x-midwatch-priority']);
  return defer && lane && defer.lanes.includes(lane) ? defer.within : undefined;
}
