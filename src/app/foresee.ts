import type { RampDecision, RampOrder } from '#contracts';
import { protocolByName } from '#protocols';
import type { Ramps } from '#ramps';

/** Where a ramp would send an ask, were it made now; a string where nobody can say, undefined where nothing ramps. */
export function foresee(
  ramps: Pick<Ramps, 'foresee'>,
  route: string,
  { ask, protocol, thread, task, user, feature }: RampOrder,
): RampDecision | string | undefined {
  const spoken = protocolByName(protocol);
  if (!spoken) return `There is no protocol "${protocol}".`;
  const read = spoken.readAsk(new TextEncoder().encode(JSON.stringify(ask)));
  if (!read.ok) return read.error.hint;
  const { ramps: known, decision } = ramps.foresee(route, {
    facets: read.value.facets,
    place: { ...(thread !== undefined && { thread }), ...(task !== undefined && { task }) },
    who: { ...(user !== undefined && { user }), ...(feature !== undefined && { feature }) },
  });
  if (!known) return undefined;
  return decision ?? 'An ask without a session is sent by a draw when it comes.';
}
