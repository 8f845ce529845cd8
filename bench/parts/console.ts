import { mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { ExchangeFilter } from '#contracts';
import type { Midwatch } from '#sdk';
import { Samples } from '../load/samples.ts';
import type { Context, Part, PartResult } from '../part.ts';
import { number, table } from '../report/table.ts';
import { agentTraffic } from '../rig/agent-traffic.ts';
import { scratchFolder } from '../rig/cleanup.ts';
import { startUpstream } from '../rig/contenders.ts';
import { DAYS, fillMonth } from '../rig/fill.ts';
import { startMidwatch } from '../rig/midwatch.ts';
import { ports } from '../rig/ports.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const PROMISED_MS = 300;
/** Of database an exchange of the month takes, generously, while it is filled. */
const BYTES_EACH = 1_500;

/** Filling gives way to the bound of the whole run; the figure says with how many exchanges it was taken. */
const LEAST_FILL_MS = 20_000;
const MOST_FILL_MS = 420_000;
/** For vacuum, the pages themselves and the parts after this one. */
const AFTER_FILL_MS = 300_000;

/** What a page asks the server for, all at once as a browser does. */
interface Page {
  readonly name: string;
  ask(api: Midwatch, round: number): Promise<unknown>;
}

export const consolePages: Part = {
  name: 'console',
  title: 'Console: server time of each page',
  async run({ quick, left, say }: Context): Promise<PartResult> {
    const wanted = quick ? 300_000 : 10_000_000;
    const { path: folder, remove } = scratchFolder();
    mkdirSync(join(folder, '.midwatch'), { mode: 0o700 });
    const { bavail, bsize } = statfsSync(folder);
    const total = Math.min(wanted, Math.floor((bavail * bsize * 0.8) / BYTES_EACH));
    const filled = await fillMonth(
      folder,
      total,
      Math.max(LEAST_FILL_MS, Math.min(left() - AFTER_FILL_MS, MOST_FILL_MS)),
      say,
    );
    say(`${number(filled.rows)} exchanges, ${number(filled.bytes / 1e9)} GB in ${number(filled.seconds)} s`);

    const upstream = await startUpstream();
    const house = await startMidwatch({ port: ports.midwatch, upstream: ports.upstream, folder });
    const { api } = house;
    // Exchanges with bodies, asked through the gateway now, for the pages that show one.
    for (const { ask, headers } of agentTraffic({ sessions: 5, turns: 30, seed: 'console' }))
      await fetch(`http://127.0.0.1:${ports.midwatch}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${house.key}`, ...headers },
        body: ask,
      }).then((response) => response.arrayBuffer());
    await house.settle();
    const shown = (await api.exchanges.list({ limit: 200, route: 'chat' })).rows.map((row) => row.id);
    const old = (await api.exchanges.list({ limit: 200, to: Date.now() - 20 * DAY })).rows;

    const rows: string[][] = [];
    const over: string[] = [];
    let slowest = 0;
    for (const page of pages(shown, old)) {
      const samples = new Samples();
      let refused = 0;
      for (let round = 0; round < (quick ? 5 : 20); round++) {
        const began = performance.now();
        await page.ask(api, round).catch(() => refused++);
        samples.add(performance.now() - began);
      }
      const { p50, p95, max } = samples.spread();
      slowest = Math.max(slowest, p95);
      if (p95 > PROMISED_MS || refused > 0) over.push(page.name);
      rows.push([
        page.name,
        number(p50),
        number(p95),
        number(max),
        refused === 0 ? '' : `${refused} refused`,
      ]);
    }
    await house.stop();
    await remove();
    await upstream.stop();
    return {
      text: [
        table(['page', 'p50 ms', 'p95 ms', 'max ms', ''], rows),
        '',
        `${number(filled.rows)} exchanges over ${DAYS} days, ${number(filled.bytes / 1e9)} GB, filled in ${number(filled.seconds)} s: one day through the store's own write path, copied inside the database to the other days, then vacuumed and analysed. The product was started afterwards with its own settings. A page is everything it asks the API for, asked at once; the time is from the first question to the last answer read, gateway on core 0, Postgres on core 1. The first of the ${quick ? 5 : 20} rounds meets cold buffers of Postgres and is part of the maximum.`,
      ].join('\n'),
      verdicts: [
        {
          promise: `any page ≤ ${PROMISED_MS} ms with 10 M exchanges stored`,
          measured: `slowest page p95 ${number(slowest)} ms with ${number(filled.rows)}`,
          kept: over.length === 0,
          note: [
            ...(filled.rows < 10_000_000 ? [`only ${number(filled.rows)} exchanges in this run`] : []),
            ...(over.length > 0 ? [`over: ${over.join('; ')}`] : []),
          ].join('. '),
        },
      ],
    };
  },
};

function pages(
  shown: readonly string[],
  old: readonly {
    readonly id: string;
    readonly key?: string;
    readonly user?: string;
    readonly thread?: string;
  }[],
): readonly Page[] {
  const at = <T>(of: readonly T[], i: number): T => of[i % of.length] as T;
  const windows: readonly (readonly [string, number])[] = [
    ['hour', HOUR],
    ['day', DAY],
    ['week', 7 * DAY],
    ['month', 30 * DAY],
  ];
  const watch = windows.map(([name, span]) => ({
    name: `Watch, last ${name}`,
    ask: (api: Midwatch) =>
      Promise.all([api.status(), api.watch({ from: Date.now() - span, to: Date.now() })]),
  }));
  const lists: readonly (readonly [string, (round: number) => ExchangeFilter])[] = [
    ['no filter', () => ({})],
    ['20 days ago', () => ({ to: Date.now() - 20 * DAY })],
    ['one route', (i) => ({ route: `route-${i % 10}` })],
    ['outcome bad', () => ({ outcome: 'bad' })],
    ['outcome content_filter, 1 in 10,000', () => ({ outcome: 'content_filter' })],
    ['outcome stalled, none', () => ({ outcome: 'stalled' })],
    ['a model that was never asked for', () => ({ model: 'nobody' })],
    ['at least 2 attempts', () => ({ attempts: 2 })],
    ['at least 3 attempts, none', () => ({ attempts: 3 })],
    ['slower than 10 s', () => ({ slower: 10_000 })],
    ['dearer than a dollar, none', () => ({ dearer: 1_000_000 })],
    ['one end user', (i) => ({ user: at(old, i).user ?? '' })],
    ['one thread', (i) => ({ thread: at(old, i).thread ?? '' })],
    ['one key and one feature', (i) => ({ key: at(old, i).key ?? '', feature: `feature-${i % 8}` })],
    // Each of them in every block, together one in four thousand: what indexes cannot skip is searched in steps.
    ['one key on the rarest route, first step', (i) => ({ key: at(old, i).key ?? '', route: 'route-9' })],
  ];
  return [
    ...watch,
    {
      name: 'Watch of one route, last day',
      ask: (api, i) => api.watch({ from: Date.now() - DAY, to: Date.now(), route: `route-${i % 10}` }),
    },
    ...lists.map(([name, filter]) => ({
      name: `Exchanges: ${name}`,
      ask: (api: Midwatch, i: number) => api.exchanges.list({ ...filter(i), limit: 200 }),
    })),
    {
      name: 'Exchanges: second page',
      ask: async (api) => {
        const { next } = await api.exchanges.list({ limit: 1, to: Date.now() - 5 * DAY });
        return api.exchanges.list({ limit: 200, ...(next !== undefined && { cursor: next }) });
      },
    },
    { name: 'Exchange, 30 turns, with bodies', ask: (api, i) => exchange(api, at(shown, i)) },
    { name: 'Exchange, 20 days old', ask: (api, i) => exchange(api, at(old, i).id) },
    { name: 'Weather', ask: (api) => Promise.all([api.providers(), api.hours()]) },
    {
      name: 'Spend by cause, last week',
      ask: (api) => api.spend({ from: Date.now() - 7 * DAY, by: 'cause' }),
    },
    {
      name: 'Spend by tenant, last month',
      ask: (api) => api.spend({ from: Date.now() - 30 * DAY, by: 'tenant' }),
    },
    {
      name: 'Tiers, last week',
      ask: (api) => Promise.all([api.fallbacks.list(), api.tiers({ from: Date.now() - 7 * DAY })]),
    },
    {
      name: 'Tiers by tenant, last month',
      ask: (api) => api.tiers({ from: Date.now() - 30 * DAY, by: 'tenant' }),
    },
    { name: 'Runs', ask: (api) => api.runs.list({}) },
    { name: 'Routes', ask: (api) => api.routes.list() },
    { name: 'Route', ask: (api) => api.routes.get('chat') },
    { name: 'Changes', ask: (api) => api.changes.list({}) },
    { name: 'Keys', ask: (api) => api.keys.list() },
    { name: 'System', ask: (api) => api.system() },
  ];
}

const exchange = (api: Midwatch, id: string) =>
  Promise.all([api.exchanges.get(id), api.exchanges.neighbours(id)]);
