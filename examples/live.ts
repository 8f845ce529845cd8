// Follows exchanges as they end, with the SDK; a break of the connection is mended by itself and told.
// MIDWATCH_TOKEN=mwa_… node_modules/.bin/bun examples/live.ts [how many]
import { createMidwatch } from '@midwatch/sdk';

const midwatch = createMidwatch({
  baseUrl: process.env.MIDWATCH_URL ?? 'http://127.0.0.1:4004',
  // `bin/midwatch tokens create live --role viewer` makes one that can only read.
  token: process.env.MIDWATCH_TOKEN ?? '',
});
let left = Number(process.argv[2] ?? Number.POSITIVE_INFINITY);

for await (const event of midwatch.live({})) {
  if (event.type === 'connected') console.log('connected');
  if (event.type === 'disconnected') console.log(`${event.reason} Trying again in ${event.retryMs} ms.`);
  if (event.type !== 'exchange') continue;
  const { outcome, route, model, totalMs, microUsd } = event.row;
  console.log(`${outcome} ${route} ${model} ${Math.round(totalMs)} ms $${(microUsd / 1e6).toFixed(6)}`);
  if (--left <= 0) break;
}
