import { systemClock } from '#kernel';
import { protocolByName } from '#protocols';
import { openStore } from '#store';
import { createScribe, nodeSpoolFiles } from '#telemetry';

/**
 * The product's scribe as a process of its own, put together as the product's thread does: `bun bench/scribe.ts SPOOL
 * DATABASE_URL`. Moves all there is and says how long it took.
 */
const [spool = '', url = ''] = process.argv.slice(2);
const clock = systemClock();
const log = (level: string, event: string, data?: unknown) => {
  if (level === 'error' || level === 'warn') console.error(event, JSON.stringify(data));
};
const store = openStore({ url, clock, log });
const scribe = createScribe({
  files: nodeSpoolFiles(spool),
  protocols: protocolByName,
  writer: store,
  clock,
  log,
});
const began = performance.now();
const before = process.cpuUsage();
scribe.start();
await scribe.flush();
const seconds = (performance.now() - began) / 1_000;
const { user, system } = process.cpuUsage(before);
const { inserted, parked, undigested } = scribe.stats();
await scribe.stop();
await store.close();
console.log(JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6, inserted, parked, undigested }));
