import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { seeded } from '#kernel';
import { type Product, product, until } from '../support/product.ts';

/**
 * kill -9 at random moments under load: what had ended more than 10 ms before the kill is in the record, once.
 * MIDWATCH_KILLS sets how often; the figure of the papers comes from 200.
 */
const KILLS = Number(process.env.MIDWATCH_KILLS ?? 8);
const CALLERS = 8;
/** What the promise allows to be lost. */
const LAST_MS = 10;

setDefaultTimeout(60_000 + KILLS * 6_000);
let house: Product | undefined;
afterAll(async () => {
  await house?.stop();
  house?.remove();
});

test(`${KILLS} kills: recorded = finished, minus at most those of the last ${LAST_MS} ms`, async () => {
  const random = seeded('kill');
  /** Exchange id to the moment at which its answer had been read to the end. */
  const finished = new Map<string, number>();
  const mayBeLost = new Set<string>();
  house = await product();
  for (let kill = 0; kill < KILLS; kill++) {
    const { url } = house;
    let running = true;
    const caller = async (number: number) => {
      while (running) {
        try {
          const response = await fetch(`${url}/v1/chat/completions`, {
            method: 'POST',
            body: JSON.stringify({
              model: 'sim-instant',
              stream: number % 2 === 0,
              messages: [{ role: 'user', content: `kill ${kill} caller ${number}` }],
            }),
          });
          const id = response.headers.get('x-midwatch-exchange');
          await response.text();
          if (id) finished.set(id, performance.now());
        } catch {
          // The process is gone; its caller sees a broken connection, which is the point.
          return;
        }
      }
    };
    const callers = Array.from({ length: CALLERS }, (_, i) => caller(i));
    await Bun.sleep(200 + random() * 800);
    const killedAt = performance.now();
    await house.stop('SIGKILL');
    running = false;
    await Promise.all(callers);
    for (const [id, at] of finished) if (at > killedAt - LAST_MS) mayBeLost.add(id);
    house = await house.again();
  }
  expect(finished.size).toBeGreaterThan(KILLS * 50);
  const { api } = house;
  const mustBeThere = [...finished.keys()].filter((id) => !mayBeLost.has(id));
  const everything = async () => {
    const seen = new Map<string, number>();
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await api.exchanges.list({ limit: 500, ...(cursor !== undefined && { cursor }) });
      for (const row of page.rows) seen.set(row.id, (seen.get(row.id) ?? 0) + 1);
      cursor = page.next;
    }
    return seen;
  };
  // The scribe works when nobody else does: to ask for everything again and again would keep it from its work.
  await until(
    async () => {
      await Bun.sleep(500);
      return (await api.system()).spool.waiting === 0;
    },
    'the spool to empty',
    120_000,
  );
  // Whatever the spool still holds is on its way; what never comes is lost.
  const recorded = await until(
    async () => {
      const seen = await everything();
      return mustBeThere.every((id) => seen.has(id)) && seen;
    },
    'everything that must be in the record',
    60_000,
  ).catch(everything);
  const lost = [...finished.keys()].filter((id) => !recorded.has(id));
  const twice = [...recorded].filter(([, n]) => n > 1);
  console.log(
    `${KILLS} kills, ${finished.size} exchanges finished, ${recorded.size} recorded, ${lost.length} lost (${mayBeLost.size} ended in the last ${LAST_MS} ms)`,
  );
  expect(lost.filter((id) => !mayBeLost.has(id))).toEqual([]);
  expect(twice).toEqual([]);
});
