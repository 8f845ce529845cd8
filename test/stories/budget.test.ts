import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '#contracts';
import { systemClock } from '#kernel';
import { openStore } from '#store';
import { type EmbeddedPostgres, startEmbedded } from '#store/embedded';
import { writeHistory } from '../support/history.ts';
import { load, recount } from '../support/load.ts';
import { type Product, product, until } from '../support/product.ts';

/**
 * The disk budget of the database is reached under load: no caller notices, the oldest days go first, and what is gone is
 * declared to the last exchange. MIDWATCH_BUDGET_S sets how long the load goes on afterwards.
 */
const AFTER_MS = Number(process.env.MIDWATCH_BUDGET_S ?? 1) * 1_000;
setDefaultTimeout(90_000 + 2 * AFTER_MS);
const HISTORY = { days: 4, perDay: 1_500 };

const folder = mkdtempSync(join(tmpdir(), 'midwatch-budget-'));
const quiet = { clock: systemClock(), log: () => undefined };
let postgres: EmbeddedPostgres | undefined;
let store: Store | undefined;
let house: Product | undefined;
afterAll(async () => {
  await house?.stop();
  await store?.close();
  await postgres?.stop();
  house?.remove();
  rmSync(folder, { recursive: true, force: true });
});

test('a disk budget reached under load costs the oldest days, all of it declared, and nobody notices', async () => {
  postgres = await startEmbedded({ dataDir: folder, ...quiet });
  house = await product({ env: { DATABASE_URL: postgres.url } });

  // Four days of history, each exchange like one that really was.
  const first = load(house, 1);
  await until(async () => first.sent.size > 0, 'an exchange');
  await first.stop();
  const [pattern] = [...first.sent];
  const before = house.api;
  const { exchange } = await until(() => before.exchanges.get(pattern ?? ''), 'its record');
  await house.stop();
  store = openStore({ url: postgres.url, ...quiet });
  const { askRecord: _, answerRecord: __, release: ___, ...like } = exchange;
  const history = await writeHistory(store, like, HISTORY);

  // A budget that all bodies and the oldest day of facts do not fit into.
  const { bytes = 0, partitions = [] } = await store.upkeep.describe();
  const isBody = (table: string) => table === 'bodies' || table === 'links';
  const days = [...new Set(partitions.filter((p) => p.table === 'exchanges').map((p) => p.day))].sort();
  const sum = (some: typeof partitions) => some.reduce((total, p) => total + p.bytes, 0);
  const budget =
    bytes -
    sum(partitions.filter((p) => isBody(p.table))) -
    Math.round(sum(partitions.filter((p) => !isBody(p.table) && p.day === days[0])) / 2);
  house = await house.again({ config: `retention: { disk: ${budget}B }\n` });
  const { api } = house;
  const callers = load(house);
  const dropped = await until(
    async () => {
      const found = (await api.system()).retention.dropped;
      return found && found.exchanges > 0 && found;
    },
    'the budget to act',
    30_000,
  );
  const seen = callers.sent.size;
  await Bun.sleep(AFTER_MS);
  await until(async () => callers.sent.size > seen + 50, 'traffic afterwards');
  await callers.stop();
  expect(callers.noticed.slice(0, 3)).toEqual([]);

  const sent = new Set([...history, ...first.sent, ...callers.sent]);
  const alive = house;
  const recorded = await until(
    async () => {
      const found = await recount(alive);
      const gone = (await api.system()).retention.dropped?.exchanges ?? 0;
      return found.size >= sent.size - gone && found;
    },
    'everything that was not dropped',
    30_000,
  );
  const declared = (await api.system()).retention.dropped;
  console.log(
    `${sent.size} sent, ${recorded.size} recorded, ${declared?.exchanges} declared as dropped by a budget of ${budget} bytes`,
  );
  expect(recorded.size).toBe(sent.size - (declared?.exchanges ?? 0));
  expect((await api.system()).spool.dropped).toBe(0);
  // What is gone is the oldest, and none of it is of today.
  const gone = [...sent].filter((id) => !recorded.has(id));
  expect(gone.every((id) => history.has(id))).toBe(true);
  const facts = (declared?.days ?? []).filter((d) => d.table === 'exchanges').map((d) => d.day);
  expect([...facts].sort()).toEqual(days.slice(0, facts.length));
  // Bodies went before any fact, and charts still count what no list shows.
  expect(dropped.days.some((d) => d.table === 'bodies')).toBe(true);
  const all = await api.watch({ from: exchange.at - 7 * 86_400_000, to: Date.now() });
  expect(all.totals.exchanges).toBe(sent.size);

  const said = (await house.doctor()).map((finding) => finding.what).join('\n');
  expect(said).toContain(`has cost ${declared?.exchanges.toLocaleString('en-US')} exchanges`);
  expect(all.attention.map((one) => one.what).join('\n')).toContain('The disk budget has cost');
});
