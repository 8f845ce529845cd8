import { afterEach, describe, expect, test } from 'bun:test';
import type { ExchangeFacts } from '#contracts';
import { eventually } from '../support/houses.ts';
import { type Behaviour, LAST_CHUNK, streamed, whole } from '../support/puppet.ts';
import { openai } from '../support/speech.ts';
import {
  chatStream,
  cutAfter,
  goesOn,
  PIECES,
  type Rig,
  rig,
  says,
  stopAll,
  TEXT,
} from '../support/takeover.ts';
import { asked, fetched, OPENAI } from '../support/tongues.ts';

/** Where nobody finishes an answer that broke off: what is never taken over, and what becomes of a takeover that fails. */

afterEach(stopAll);

/** What the caller is told when nobody finishes the answer. */
async function expectBroken(
  set: Rig,
  causes: readonly string[],
  n = 0,
  text = PIECES.slice(0, 4).join(''),
): Promise<ExchangeFacts> {
  const raw = await fetched(set.house.url, OPENAI, { stream: true });
  expect(raw.broke).toBe(true);
  expect(raw.body).not.toContain('[DONE]');
  expect(
    chatStream(raw.body)
      .map((c) => c.choices?.[0]?.delta.content ?? '')
      .join(''),
  ).toBe(text);
  expect(JSON.parse(raw.body.trimEnd().split('data: ').at(-1) ?? '').error).toMatchObject({ code: 'cut' });
  const facts = await set.record(n);
  expect(facts).toMatchObject({ outcome: 'cut', failure: { kind: 'cut' } });
  expect(facts.verdicts.filter(({ decision }) => decision !== 'pass')).toEqual([]);
  expect(facts.attempts.map((a) => a.cause)).toEqual(causes as never);
  expect(facts.cost.microUsd).toBe(facts.attempts.reduce((sum, a) => sum + a.cost.microUsd, 0));
  return facts;
}

describe('nobody finishes it, and the caller is told what it broke off of', () => {
  test('by default nobody is asked', async () => {
    await expectBroken(await rig(cutAfter(OPENAI, 4), says(OPENAI, TEXT), { takeover: null }), ['first']);
  });

  test('the other target refuses', async () => {
    const refusal: Behaviour = ({ write }) =>
      write(whole(400, OPENAI.json, OPENAI.error('invalid_request_error', 'no')));
    const facts = await expectBroken(await rig(cutAfter(OPENAI, 4), refusal), ['first', 'takeover']);
    expect(facts.attempts[1]?.failure?.kind).toBe('provider_rejected');
    expect(facts.tier.served).toBe('primary');
  });

  test('a restart says something else', async () => {
    const set = await rig(cutAfter(OPENAI, 4), says(OPENAI, 'Quite another answer.'), {
      takeover: { by: 'restart' },
    });
    const facts = await expectBroken(set, ['first', 'takeover']);
    expect(facts.attempts[1]).toMatchObject({
      outcome: 'cancelled',
      failure: { kind: 'unfit' },
      usage: { basis: 'reported' },
    });
    expect(facts.usage).toEqual(facts.attempts[0]?.usage as never);
    // It was asked for something that it could not know.
    expect(set.house.gateway.standing.read().find((t) => t.provider === 'spare')?.bad ?? 0).toBe(0);
  });

  test('the rest calls a tool', async () => {
    const call = openai.role.replace(
      '"content":""',
      '"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]',
    );
    const set = await rig(cutAfter(OPENAI, 4), ({ write }) =>
      write(streamed(OPENAI.sse, call, OPENAI.reason('tool_calls'), OPENAI.terminator) + LAST_CHUNK),
    );
    await expectBroken(set, ['first', 'takeover']);
  });

  test('the rest breaks off as well: nobody is asked a third time', async () => {
    const set = await rig(cutAfter(OPENAI, 4), cutAfter(OPENAI, 6));
    const raw = await fetched(set.house.url, OPENAI, { stream: true });
    expect(raw.broke).toBe(true);
    expect(raw.body).not.toContain('[DONE]');
    const facts = await set.record();
    expect(facts).toMatchObject({ outcome: 'cut', failure: { kind: 'cut' } });
    expect(facts.attempts.map((a) => [a.cause, a.outcome])).toEqual([
      ['first', 'cut'],
      ['takeover', 'cut'],
    ]);
    expect(facts.verdicts[0]).toMatchObject({ guard: 'takeover' });
  });

  test('the budget is spent: three in ten minutes, then none', async () => {
    const set = await rig(cutAfter(OPENAI, 4), goesOn(OPENAI, true), {
      takeover: { share: 0.0001 },
      route: { tiers: tiers() },
    });
    for (let n = 0; n < 3; n++)
      expect(await asked(set.house.url, OPENAI, { stream: true })).toMatchObject({
        error: undefined,
        text: TEXT,
      });
    const facts = await expectBroken(set, ['first'], 3);
    expect(facts.verdicts).toMatchObject([
      { guard: 'takeover', decision: 'pass', evidence: expect.stringContaining('takeover.share of 0.0001') },
    ]);
  });

  test('no share, no takeover', async () => {
    await expectBroken(await rig(cutAfter(OPENAI, 4), goesOn(OPENAI, true), { takeover: { share: 0 } }), [
      'first',
    ]);
  });

  const tiers = () => [
    { name: 'primary', targets: [{ provider: 'up', model: 'm-1' }] },
    { name: 'fallback', targets: [{ provider: 'spare', model: 'm-1' }] },
  ];
});

describe('more than plain text is not taken over', () => {
  const asks = {
    tools: { tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }] },
    'structured output': { response_format: { type: 'json_object' } },
    'two choices': { n: 2 },
    'a tool server that the provider asks': {
      mcp_servers: [{ type: 'url', url: 'https://t.example', name: 't' }],
    },
    'log probabilities': { logprobs: true },
    audio: { modalities: ['text', 'audio'] },
    'a beginning of the caller’s own': {
      messages: [
        { role: 'user', content: 'Hello?' },
        { role: 'assistant', content: 'The' },
      ],
    },
  };
  test.each(Object.entries(asks))('%s', async (_, more) => {
    const { house, second, record } = await rig(cutAfter(OPENAI, 4), goesOn(OPENAI, true));
    const answer = await fetch(`${house.url}${OPENAI.path}`, {
      method: 'POST',
      body: JSON.stringify(openai.ask({ stream: true, ...more })),
    });
    expect(await answer.text().catch(() => 'broke')).not.toContain('[DONE]');
    expect(second.calls).toHaveLength(0);
    expect((await record()).outcome).toBe('cut');
  });

  test('a tool that was called, thoughts alone, an event that could not be read', async () => {
    const thought = openai.role.replace('"content":""', '"reasoning_content":"hm"');
    const call = openai.role.replace(
      '"content":""',
      '"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{"}}]',
    );
    const began = [OPENAI.opening[0] ?? '', OPENAI.delta('Hel')];
    for (const events of [
      [...began, call],
      [thought],
      [...began, 'data: {"choices":[\n\n', OPENAI.delta('lo')],
    ]) {
      const { house, second } = await rig(
        ({ write, fin }) => {
          write(streamed(OPENAI.sse, ...events));
          fin();
        },
        goesOn(OPENAI, true),
      );
      expect((await fetched(house.url, OPENAI, { stream: true })).broke).toBe(true);
      expect(second.calls).toHaveLength(0);
    }
  });
});

test('whole answers are recovered whole, without any word of the route', async () => {
  const { house, record } = await rig(
    ({ write, fin }) => {
      const all = whole(200, OPENAI.json, OPENAI.answer(TEXT));
      write(all.slice(0, all.length - 30));
      fin();
    },
    ({ write }) => write(whole(200, OPENAI.json, OPENAI.answer(TEXT))),
    { takeover: null },
  );
  expect(await asked(house.url, OPENAI, { stream: false })).toMatchObject({ error: undefined, text: TEXT });
  expect((await record()).attempts.at(-1)).toMatchObject({ cause: 'fallback', outcome: 'complete' });
});

test('a caller who leaves while somebody is looked for ends that too', async () => {
  const leaves = new AbortController();
  const { house, second, record } = await rig(cutAfter(OPENAI, 4), () => undefined);
  const call = fetched(house.url, OPENAI, { stream: true, signal: leaves.signal }).catch(() => undefined);
  await eventually(() => second.calls.length > 0);
  leaves.abort();
  await call;
  const facts = await record();
  expect(facts.outcome).toBe('cancelled');
  expect(facts.attempts.map((a) => a.failure?.kind)).toEqual(['cut', 'client_left']);
  await second.calls[0]?.closed;
  await eventually(() => house.gateway.stats().inFlight === 0);
  expect(house.gateway.stats().streams).toBe(0);
});

test('who has failed this exchange already does not finish it', async () => {
  const t = OPENAI;
  const set = await rig(
    ({ write }) => write(whole(500, t.json, t.error('server_error', 'on fire'))),
    cutAfter(t, 4),
  );
  const raw = await fetched(set.house.url, t, { stream: true });
  expect(raw.broke).toBe(true);
  const facts = await set.record();
  expect(facts.attempts.map((a) => a.cause)).not.toContain('takeover');
  expect(facts.failure?.kind).toBe('cut');
});
