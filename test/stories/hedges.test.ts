import { afterEach, describe, expect, test } from 'bun:test';
import type { ExchangeFacts } from '#contracts';
import { well } from '../support/failure-table.ts';
import { eventually, type PuppetHouse, type PuppetHouseOptions, puppetHouse } from '../support/houses.ts';
import { type Behaviour, whole } from '../support/puppet.ts';
import { asked, fetched, OPENAI } from '../support/tongues.ts';

/** Two calls race for one answer: one wins, the other is let go and billed, and neither counts beside the table of failures. */
let set: PuppetHouse | undefined;
afterEach(async () => {
  await set?.stop();
  set = undefined;
});
const open = async (first: Behaviour, options: Partial<PuppetHouseOptions> = {}): Promise<PuppetHouse> => {
  set = await puppetHouse(first, { tongue: OPENAI, ...options });
  return set;
};
const broken: Behaviour = ({ write }) =>
  write(whole(500, OPENAI.json, OPENAI.error('server_error', 'on fire')));

/** Every so often slow enough that no noise of a busy machine passes for a straggler. */
const steadily =
  (good: Behaviour): Behaviour =>
  async (call) => {
    if (call.number % 12 === 0 && call.number < SLOW_UNTIL) await Bun.sleep(80);
    await good(call);
  };
/** Enough asks for a delay to be known, and as many again for hedges to be earned that nobody spends. */
const SLOW_UNTIL = 100;
const KNOWN = 200;
const learn = async (house: PuppetHouse['house'], stream: boolean) => {
  let left = KNOWN;
  const worker = async () => {
    while (left-- > 0) await fetched(house.url, OPENAI, { stream });
  };
  await Promise.all(Array.from({ length: 6 }, worker));
};

/**
 * Plays until a hedge was sent: on a machine that stutters while it learns, Midwatch rightly takes the whole distribution to
 * have moved, and sends none.
 */
async function untilHedged(play: () => Promise<ExchangeFacts | undefined>): Promise<ExchangeFacts> {
  for (let tries = 0; tries < 5; tries++) {
    const facts = await play();
    if (facts?.attempts.some((a) => a.cause === 'hedge')) return facts;
    await set?.stop();
  }
  throw new Error('no hedge was sent');
}

describe.each([true, false])('hedged, streaming: %p', (stream) => {
  const good = steadily((call) => well(call, { tongue: OPENAI, stream }));
  const route = { hedge: true, timeouts: { headers: 3_000, total: 4_000 } };

  test('a straggler is overtaken, let go and billed, and is nobody’s failure', async () => {
    const facts = await untilHedged(async () => {
      let straggle = false;
      const { house, first, second, record } = await open((call) => (straggle ? undefined : good(call)), {
        second: good,
        route,
      });
      await learn(house, stream);
      straggle = true;
      const seconds = second.calls.length;
      const told = await asked(house.url, OPENAI, { stream });
      const facts = await record(KNOWN);
      if (facts.attempts.length > 1) {
        expect(told).toMatchObject({ error: undefined, text: 'Hello' });
        // On a busy machine the first hedge may itself be late by the few milliseconds that are normal here.
        expect(second.calls.length - seconds).toBe(facts.attempts.length - 1);
        expect(facts.attempts.length).toBeLessThanOrEqual(3);
      }
      await first.calls.at(-1)?.closed;
      expect(house.gateway.stats()).toMatchObject({ inFlight: 0, streams: 0 });
      return facts;
    });
    const [lost, ...hedges] = facts.attempts;
    expect(lost?.cause).toBe('first');
    expect(hedges.filter(({ cause }) => cause !== 'hedge')).toEqual([]);
    expect(lost).toMatchObject({
      outcome: 'cancelled',
      failure: { kind: 'hedge_lost' },
      usage: { basis: 'estimated' },
    });
    expect(hedges.filter((a) => a.outcome === 'complete')).toHaveLength(1);
    expect(hedges.filter((a) => a.outcome !== 'complete' && a.failure?.kind !== 'hedge_lost')).toEqual([]);
  }, 60_000);

  test('a straggler that lets the provider act is waited for, not asked twice', async () => {
    let straggle = false;
    const slow: Behaviour = async (call) => {
      await Bun.sleep(1_500);
      await good(call);
    };
    const { house, second, record } = await open((call) => (straggle ? slow(call) : good(call)), {
      second: good,
      route,
    });
    await learn(house, stream);
    straggle = true;
    const before = second.calls.length;
    const answer = await fetch(`${house.url}${OPENAI.path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...JSON.parse(OPENAI.ask(stream)), conversation: 'conv_1' }),
    });
    expect(answer.status).toBe(200);
    await answer.text();
    expect((await record(KNOWN)).attempts).toHaveLength(1);
    expect(second.calls.length).toBe(before);
  }, 60_000);

  test('when the hedge is late as well, a third call is made and no fourth', async () => {
    const facts = await untilHedged(async () => {
      let straggle = false;
      let seconds = 0;
      const { house, second, record } = await open((call) => (straggle ? undefined : good(call)), {
        second: (call) => (straggle && seconds++ === 0 ? undefined : good(call)),
        route,
      });
      await learn(house, stream);
      straggle = true;
      const before = second.calls.length;
      const told = await asked(house.url, OPENAI, { stream });
      const facts = await record(KNOWN);
      if (facts.attempts.length === 3) {
        expect(told).toMatchObject({ error: undefined, text: 'Hello' });
        expect(second.calls.length).toBe(before + 2);
      }
      await second.calls[before]?.closed;
      expect(house.gateway.stats()).toMatchObject({ inFlight: 0, streams: 0 });
      return facts;
    });
    expect(facts.attempts.map((a) => [a.cause, a.failure?.kind])).toEqual([
      ['first', 'hedge_lost'],
      ['hedge', 'hedge_lost'],
      ['hedge', undefined],
    ]);
  }, 60_000);

  test('no target sees more than the table allows because of hedges', async () => {
    let sick = false;
    const { house, first, record } = await open(
      async (call) => {
        if (!sick) return good(call);
        await Bun.sleep(400);
        broken(call);
      },
      { route },
    );
    await learn(house, stream);
    sick = true;
    const before = first.calls.length;
    const told = await asked(house.url, OPENAI, { stream });
    expect(told.status).toBe(500);
    const facts = await record(KNOWN);
    expect(first.calls.length - before).toBe(facts.attempts.length);
    expect(facts.attempts.length).toBeLessThanOrEqual(2);
  }, 60_000);

  test('a caller who leaves while two race lets both go', async () => {
    const facts = await untilHedged(async () => {
      let straggle = false;
      const acts: Behaviour = (call) => (straggle ? undefined : good(call));
      const { house, first, second, record } = await open(acts, { second: acts, route });
      await learn(house, stream);
      straggle = true;
      const leaves = new AbortController();
      const seconds = second.calls.length;
      const call = fetched(house.url, OPENAI, { stream, signal: leaves.signal }).catch(() => undefined);
      await eventually(() => second.calls.length > seconds || house.finished.length > KNOWN);
      leaves.abort();
      await call;
      const facts = await record(KNOWN);
      await first.calls.at(-1)?.closed;
      if (second.calls.length > seconds) await second.calls.at(-1)?.closed;
      expect(house.gateway.stats().inFlight).toBe(0);
      return facts;
    });
    expect(facts.outcome).toBe('cancelled');
    expect(facts.attempts.length).toBeGreaterThan(1);
    for (const { failure } of facts.attempts) expect(failure?.kind).toBe('client_left');
  }, 60_000);

  test('when the first fails while the other still runs, the other is heard out', async () => {
    const facts = await untilHedged(async () => {
      let straggle = false;
      const { house, record } = await open(
        async (call) => {
          if (!straggle) return good(call);
          await Bun.sleep(300);
          call.reset();
        },
        {
          second: async (call) => {
            if (straggle) await Bun.sleep(700);
            await good(call);
          },
          route,
        },
      );
      await learn(house, stream);
      straggle = true;
      expect(await asked(house.url, OPENAI, { stream })).toMatchObject({ error: undefined, text: 'Hello' });
      return record(KNOWN);
    });
    const [failed, ...hedges] = facts.attempts;
    expect([failed?.cause, failed?.outcome]).toEqual(['first', 'cut']);
    // A second hedge may have been sent; one of them serves, and a loser is no failure.
    expect(hedges.map((a) => a.cause)).toEqual(hedges.map(() => 'hedge'));
    expect(hedges.filter((a) => a.outcome === 'complete')).toHaveLength(1);
    expect(hedges.filter((a) => a.failure && a.failure.kind !== 'hedge_lost')).toEqual([]);
  }, 60_000);
});
