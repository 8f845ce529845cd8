import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { load, recount } from '../support/load.ts';
import { type Product, product, until } from '../support/product.ts';

/**
 * The data folder cannot be written under load: no caller notices, the product says so, and a recount afterwards equals
 * what was sent. MIDWATCH_UNWRITABLE_S sets for how long.
 *
 * Permissions would prove nothing: root passes them, and they do not reach a segment that is open already. A kernel limit on
 * the size of files that the process may write binds everybody, stops an open segment in the middle of its writing, and is
 * lifted again from outside.
 */
const UNWRITABLE_MS = Number(process.env.MIDWATCH_UNWRITABLE_S ?? 4) * 1_000;
setDefaultTimeout(60_000 + 2 * UNWRITABLE_MS);

let house: Product | undefined;
afterAll(async () => {
  await house?.stop();
  house?.remove();
});

/** The signal that comes with the limit would end a process; ignored, a write fails as on a full or read-only disk. */
const FAILING_WRITES = ['sh', '-c', 'trap "" XFSZ; exec "$0" "$@"'];

function mayWrite(pid: number, bytes: 0 | 'unlimited'): void {
  const { success, stderr } = Bun.spawnSync(['prlimit', '--pid', String(pid), `--fsize=${bytes}:unlimited`]);
  if (!success) throw new Error(`prlimit: ${stderr}`);
}

test('a folder that cannot be written under load is noticed by the operator and by nobody else', async () => {
  house = await product({ under: FAILING_WRITES });
  const { api, pid } = house;
  const callers = load(house);
  await until(async () => callers.sent.size > 50, 'some traffic before');

  mayWrite(pid, 0);
  const before = callers.sent.size;
  await Bun.sleep(UNWRITABLE_MS);
  await until(async () => callers.sent.size > before + 50, 'traffic meanwhile');
  const during = await api.system();
  expect(during.spool.trouble).toBeString();
  expect(during.spool.waiting).toBeGreaterThan(0);
  const said = (await house.doctor()).filter((finding) => finding.level === 'bad');
  expect(said.map((finding) => finding.what)).toContain('The spool cannot be written');
  expect((await api.watch()).attention.map((one) => one.what)).toContain('The spool cannot be written');

  mayWrite(pid, 'unlimited');
  await until(async () => (await api.system()).spool.trouble === undefined, 'the end of the trouble');
  await callers.stop();
  expect(callers.noticed.slice(0, 3)).toEqual([]);
  const { dropped } = (await api.system()).spool;
  // Every number on a screen agrees with the list, so when one has all of them the other has, too.
  await until(
    async () => (await api.watch()).totals.exchanges >= callers.sent.size - dropped,
    'everything in the record',
    60_000,
  );
  const recorded = await recount(house);
  const lost = [...callers.sent].filter((id) => !recorded.has(id));
  console.log(
    `unwritable for ${UNWRITABLE_MS} ms: ${callers.sent.size} sent, ${recorded.size} recorded, ${dropped} declared as dropped`,
  );
  // Memory holds some minutes of this; only a long form may come to its bound, and then it counts.
  expect(lost.length).toBe(dropped);
  expect((await api.watch()).totals.exchanges).toBe(callers.sent.size - dropped);
  expect(
    (await house.doctor()).filter((finding) => finding.area === 'spool' && finding.level === 'bad'),
  ).toHaveLength(dropped === 0 ? 0 : 1);
});
