import { afterEach, expect, test } from 'bun:test';
import { well } from '../support/failure-table.ts';
import { type PuppetHouse, type PuppetHouseOptions, puppetHouse } from '../support/houses.ts';
import { monthOf } from '../support/month.ts';
import { type Behaviour, streamed } from '../support/puppet.ts';
import { asked, OPENAI } from '../support/tongues.ts';

/** A first token later than is normal for the hour: another target answers, and where there is none one goes on waiting. */
let set: PuppetHouse | undefined;
afterEach(async () => {
  await set?.stop();
  set = undefined;
});
const open = async (first: Behaviour, options: Partial<PuppetHouseOptions> = {}): Promise<PuppetHouse> => {
  set = await puppetHouse(first, { tongue: OPENAI, ...options });
  set.house.gateway.climate.restore(monthOf({ provider: 'first', model: 'm-1' }, 100, Date.now()));
  return set;
};
const good: Behaviour = (call) => well(call, { tongue: OPENAI, stream: true });
const silent: Behaviour = ({ write }) => write(streamed(OPENAI.sse, ...OPENAI.opening));
/** Says nothing for so long that the hour is over its normal, and then answers. */
const late =
  (ms: number): Behaviour =>
  async (call) => {
    await Bun.sleep(ms);
    good(call);
  };
const byHour = { timeouts: { byHour: true, headers: '20s', firstToken: '20s' } };

for (const [what, behaviour] of [
  ['after its head', silent],
  ['before its head', () => undefined],
] as const)
  test(`a target that is silent ${what} is left at what is normal for the hour, not at its timeout`, async () => {
    const set = await open(behaviour as Behaviour, { second: good, route: byHour });
    const began = performance.now();
    expect(await asked(set.house.url, OPENAI, { stream: true })).toMatchObject({ text: 'Hello' });
    // The floor is a second, and the configured limit twenty.
    expect(performance.now() - began).toBeWithin(950, 10_000);
    const { attempts, tier } = await set.record(0);
    expect(attempts.map(({ cause, failure }) => [cause, failure?.kind])).toEqual([
      ['first', 'timeout_first_token'],
      ['fallback', undefined],
    ]);
    expect(attempts[0]?.failure?.hint).toContain('timeouts.byHour');
    expect(tier).toMatchObject({ served: 'fallback', reason: 'timeout' });
  });

test('with nobody else to ask the configured timeout alone holds', async () => {
  const set = await open(late(1_400), { route: byHour });
  expect(await asked(set.house.url, OPENAI, { stream: true })).toMatchObject({ text: 'Hello' });
  expect((await set.record(0)).attempts.map((a) => a.cause)).toEqual(['first']);
});

test('a route that does not go by the hour waits', async () => {
  const set = await open(late(1_400), { second: good });
  expect(await asked(set.house.url, OPENAI, { stream: true })).toMatchObject({ text: 'Hello' });
  expect((await set.record(0)).attempts.map((a) => a.cause)).toEqual(['first']);
  expect(set.second.calls).toHaveLength(0);
});

test('where every answer has become late the retry budget bounds what is asked twice', async () => {
  const set = await open(late(1_500), { second: late(1_500), route: byHour });
  const all = await Promise.all(
    Array.from({ length: 16 }, () => asked(set.house.url, OPENAI, { stream: true })),
  );
  expect(all.map(({ text }) => text)).toEqual(all.map(() => 'Hello'));
  // Ten a minute are always allowed; six of sixteen went on waiting where they were.
  expect(set.second.calls).toHaveLength(10);
  const facts = await Promise.all(all.map((_, n) => set.record(n)));
  expect(facts.filter(({ attempts }) => attempts.length === 1)).toHaveLength(6);
});
