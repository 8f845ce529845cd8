import { afterEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConfigInput, configSchema } from '#contracts';
import { systemClock } from '#kernel';
import { openLedger } from '../../src/app/ledger.ts';
import { testGateway } from '../support/gateway.ts';
import { eventually } from '../support/houses.ts';
import { puppet } from '../support/puppet.ts';
import { openai } from '../support/speech.ts';
import { cutAfter, expectTaken, goesOn, onStop, PRICES, stopAll } from '../support/takeover.ts';
import { ANTHROPIC, OPENAI } from '../support/tongues.ts';

/** Two targets made the answer; one budget pays for both. */

afterEach(stopAll);

/** Both targets have a price, and one budget pays for both. */
async function priced(hard: number) {
  const first = await puppet(cutAfter(OPENAI, 4));
  const second = await puppet(goesOn(ANTHROPIC, true));
  const root = (port: number) => `http://127.0.0.1:${port}`;
  const input: ConfigInput = {
    providers: {
      up: { protocol: 'openai', baseUrl: `${root(first.port)}/v1`, apiKey: 'x', prices: PRICES },
      claude: { protocol: 'anthropic', baseUrl: root(second.port), apiKey: 'x' },
    },
    routes: {
      chat: {
        takeover: {},
        tiers: [
          { name: 'primary', targets: [{ provider: 'up', model: 'm-1' }] },
          { name: 'fallback', targets: [{ provider: 'claude', model: 'claude-opus-4-7' }] },
        ],
      },
    },
    budgets: { team: { per: 'tenant', hard } },
  };
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-takeover-'));
  const ledger = openLedger(
    configSchema.parse(input),
    join(folder, 'ledger.json'),
    systemClock(),
    () => undefined,
  );
  const house = testGateway(input, { ledger });
  onStop(
    () => house.stop(),
    () => ledger.stop(),
    () => first.stop(),
    () => second.stop(),
    () => rmSync(folder, { recursive: true, force: true }),
  );
  const ask = { ...openai.ask({ stream: true }), model: 'gpt-4o-mini', max_tokens: 100 };
  const answer = await fetch(`${house.url}${OPENAI.path}`, {
    method: 'POST',
    headers: { 'x-midwatch-tenant': 'blue' },
    body: JSON.stringify(ask),
  });
  const raw = await answer.text().catch(() => undefined);
  await eventually(() => house.finished.length > 0);
  return { raw, facts: (house.finished[0] as (typeof house.finished)[number]).facts, ledger, second };
}

test('both attempts are paid for, and the ledger has what the record has', async () => {
  const { facts, ledger } = await priced(1);
  expectTaken(facts);
  expect(facts.attempts.every((a) => a.cost.microUsd > 0)).toBe(true);
  expect(facts.cost.state).toBe('estimated');
  const [reading] = ledger.budgets.readings();
  expect(reading).toMatchObject({ settled: facts.cost.microUsd, reserved: 0 });
});

test('a budget that has no room for another target is not passed for it', async () => {
  // Room for the first, at 100 tokens of 15 dollars a million, and for nothing beside it.
  const { raw, facts, ledger, second } = await priced(0.0017);
  expect(raw).toBeUndefined();
  expect(second.calls).toHaveLength(0);
  expect(facts).toMatchObject({ outcome: 'cut', failure: { kind: 'cut' }, tier: { served: 'primary' } });
  expect(ledger.budgets.readings()[0]).toMatchObject({ settled: facts.cost.microUsd, reserved: 0 });
});
