import { Refusal } from '../http/refusal.ts';
import type { ApiServices } from '../services.ts';

/** Refuses what would move a frozen route, and says who froze it, when and why. */
export function unfrozen(services: Pick<ApiServices, 'routes'>, route: string): void {
  const frozen = services.routes().find(({ name }) => name === route)?.frozen;
  if (!frozen) return;
  const { by, at, reason } = frozen;
  throw new Refusal(
    409,
    'frozen',
    `Route "${route}" is frozen by ${by} since ${new Date(at).toISOString().slice(0, 16)}Z${reason === undefined ? '' : ` (${reason})`}.`,
    `Nothing was changed. \`midwatch thaw ${route}\` first.`,
  );
}
