import type { Active } from '../active.ts';
import { limits } from '../ledger.ts';
import type { ThreadSettings } from './messages.ts';

/** What is in force, as another thread can be told. */
export function settingsOf({ loaded, table }: Active): ThreadSettings {
  const keyFiles: Record<string, string> = {};
  for (const { tiers, shadow } of table.routes)
    for (const { targets } of shadow ? [...tiers, shadow] : tiers)
      for (const { provider, apiKey } of targets)
        if (apiKey && loaded.config.providers[provider]?.apiKeyFile !== undefined)
          keyFiles[provider] = apiKey;
  const frozen = new Map(
    table.routes.flatMap(({ name, frozen: version }) =>
      version === undefined ? [] : [[name, { version }] as const],
    ),
  );
  return { loaded, keyFiles, frozen, limits: limits(loaded.config) };
}
