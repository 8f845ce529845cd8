import type { Audit } from './auth/audit.ts';
import type { Identify } from './auth/identify.ts';
import type { Sessions } from './auth/sessions.ts';
import type { ChangeTail } from './live/changes.ts';
import type { LiveStream } from './live/stream.ts';
import type { ApiServices } from './services.ts';
import type { TokenService } from './tokens/service.ts';

/** What an endpoint works with: the services given from outside, and what the API made of them. */
export interface Parts {
  readonly services: ApiServices;
  readonly identify: Identify;
  readonly tokens: TokenService;
  readonly sessions: Sessions;
  readonly audit: Audit;
  readonly changes: ChangeTail;
  /** The OpenAPI document. */
  readonly document: () => unknown;
  /** Every open live client, so that a shutdown can end them. */
  readonly streams: Set<LiveStream>;
}
