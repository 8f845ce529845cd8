import type { Endpoint } from '../http/endpoint.ts';
import { auditEndpoints } from './audit.ts';
import { cassetteEndpoints } from './cassettes.ts';
import { changeEndpoints } from './changes.ts';
import { exchangeEndpoints } from './exchanges.ts';
import { fallbackEndpoints } from './fallbacks.ts';
import { freezeEndpoints } from './freezes.ts';
import { keyEndpoints } from './keys.ts';
import { ledgerEndpoints } from './ledger.ts';
import { liveEndpoints } from './live.ts';
import { metricsEndpoint } from './metrics.ts';
import { openapiEndpoint } from './openapi.ts';
import { providerEndpoints } from './providers.ts';
import { rampEndpoints } from './ramps.ts';
import { reloadEndpoints } from './reload.ts';
import { routerEndpoints } from './routers.ts';
import { routeEndpoints } from './routes.ts';
import { runEndpoints } from './runs.ts';
import { sessionEndpoints } from './session.ts';
import { shadowEndpoints } from './shadows.ts';
import { spendEndpoints } from './spend.ts';
import { statusEndpoints } from './status.ts';
import { systemEndpoints } from './system.ts';
import { tierEndpoints } from './tiers.ts';
import { tokenEndpoints } from './tokens.ts';
import { wasteEndpoints } from './waste.ts';
import { watchEndpoints } from './watch.ts';

/** The table of the control plane, in the order of the reference page. */
export const endpoints: readonly Endpoint[] = [
  ...statusEndpoints,
  ...sessionEndpoints,
  ...watchEndpoints,
  ...exchangeEndpoints,
  ...liveEndpoints,
  ...routeEndpoints,
  ...freezeEndpoints,
  ...shadowEndpoints,
  ...providerEndpoints,
  ...fallbackEndpoints,
  ...rampEndpoints,
  ...routerEndpoints,
  ...ledgerEndpoints,
  ...tierEndpoints,
  ...spendEndpoints,
  ...wasteEndpoints,
  ...cassetteEndpoints,
  ...changeEndpoints,
  ...runEndpoints,
  ...keyEndpoints,
  ...tokenEndpoints,
  ...auditEndpoints,
  ...systemEndpoints,
  metricsEndpoint,
  ...reloadEndpoints,
  openapiEndpoint,
];
