import { join, resolve } from 'node:path';
import type { Clock, Log, RouterView } from '#contracts';
import { lastWords } from '#protocols';
import { createRouters, type RoutersSnapshot } from '#routers';
import type { LoadedConfig } from './config/index.ts';
import { recall } from './remembered.ts';

/** The books of the routers as a data folder keeps them, whether or not an instance runs on it: at most ten seconds old. */
export function routersIn(
  { config }: LoadedConfig,
  { cwd, clock, log }: { readonly cwd: string; readonly clock: Clock; readonly log: Log },
): readonly RouterView[] {
  const saved = recall<RoutersSnapshot>(join(resolve(cwd, config.data), 'routers.json'), log);
  return createRouters({
    clock,
    log,
    routes: config.routes,
    lastWords,
    classify: () => Promise.resolve('failed'),
    ...(saved && { saved }),
  }).read();
}
