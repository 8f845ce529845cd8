import { describe, expect, test } from 'bun:test';
import { virtualClock } from '#kernel';
import { createSimulator, loadWorld, WorldError } from '../index.ts';

const ask = (model: string, headers: Record<string, string> = {}, content = 'echo: hi', path = '') =>
  new Request(`http://simulator${path}/v1/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model, messages: [{ role: 'user', content }] }),
  });

describe('a world file', () => {
  test('an empty one is a world', () => {
    expect(loadWorld('')).toMatchObject({ models: {}, timeline: [], quotas: [] });
  });

  test.each([
    ['modells: {}', /modells: unknown key; did you mean "models"\? \(line 1\)/],
    [
      'models:\n  a:\n    firstTokn: { median: 1s }',
      /models\.a\.firstTokn: unknown key; did you mean "firstToken"\? \(line 3\)/,
    ],
    ['timeline:\n  - fault: cutt', /timeline\.0: Unknown fault "cutt"\. Did you mean "cut"\?.*\(line 2\)/],
    ['timeline:\n  - fault: cut\n    with: { aftr: 3 }', /Fault "cut".*aftr/],
    ['timeline:\n  - { fault: cut, probability: 2 }', /timeline\.0\.probability: .*\(line 2\)/],
    ['timeline:\n  - { fault: cut, from: soon }', /timeline\.0\.from/],
    ['timeline:\n  - { fault: cut, on: { prompt: "(" } }', /no regular expression/],
    ['models: [', /not YAML/],
  ])('%j is refused', (text, message) => {
    expect(() => loadWorld(text)).toThrow(WorldError);
    expect(() => loadWorld(text)).toThrow(message);
  });
});

test('laws, aliases and claimed names', async () => {
  const world = loadWorld(`
models:
  steady: { firstToken: { median: 2s, sigma: 0 }, gap: { median: 100ms, sigma: 0 }, serves: steady-2026-04-23, fingerprint: fp_fixed }
aliases: { fast-lane: steady }
strict: true
`);
  const clock = virtualClock();
  const simulator = createSimulator({ clock, world });
  const response = await clock.run(simulator.fetch(ask('fast-lane', {}, 'echo: one two three')));
  expect(await clock.run(response.json())).toMatchObject({
    model: 'steady-2026-04-23',
    system_fingerprint: 'fp_fixed',
  });
  expect(clock.monotonic()).toBe(2300);
  expect((await clock.run(simulator.fetch(ask('gpt-unheard-of')))).status).toBe(404);
});

test('prices make the ledger count money', async () => {
  const world = loadWorld('models: { priced: { like: sim-instant, prices: { input: 10, output: 100 } } }');
  const clock = virtualClock();
  const simulator = createSimulator({ clock, world });
  await clock.run(
    simulator.fetch(ask('priced', {}, 'echo: one two three')).then((response) => response.text()),
  );
  const { tokens, microUsd } = simulator.ledger().models.priced!;
  expect(tokens.output).toBe(3);
  expect(microUsd).toBe(tokens.input * 10 + 300);
});

describe('the time line', () => {
  const at = async (text: string, minutes: readonly number[], request: () => Request) => {
    const clock = virtualClock();
    const simulator = createSimulator({ clock, world: loadWorld(text) });
    const statuses: number[] = [];
    let now = 0;
    for (const minute of minutes) {
      await clock.advance((minute - now) * 60_000);
      now = minute;
      statuses.push((await clock.run(simulator.fetch(request()))).status);
    }
    return statuses;
  };

  test('from and to, the end not included', async () => {
    const text = 'timeline: [{ fault: status, with: { code: 503 }, from: 10m, to: 20m }]';
    expect(await at(text, [0, 9, 10, 19, 20, 60], () => ask('sim-instant'))).toEqual([
      200, 200, 503, 503, 200, 200,
    ]);
  });

  test('periodic', async () => {
    const text = 'timeline: [{ fault: status, with: { code: 500 }, every: 60m, from: 5m, to: 10m }]';
    expect(await at(text, [0, 5, 12, 65, 72, 1445], () => ask('sim-instant'))).toEqual([
      200, 500, 200, 500, 200, 500,
    ]);
  });

  test('instants count from the start the world names', async () => {
    const text = `
start: 2026-01-05T00:00:00Z
timeline: [{ fault: status, with: { code: 500 }, from: 2026-01-05T00:30:00Z }]`;
    expect(await at(text, [29, 30], () => ask('sim-instant'))).toEqual([200, 500]);
  });

  test('only where it is aimed: model, region by header or path, prompt', async () => {
    const world = loadWorld(`
timeline:
  - { fault: status, with: { code: 500 }, on: { model: "gpt-*" } }
  - { fault: status, with: { code: 502 }, on: { region: eu } }
  - { fault: status, with: { code: 504 }, on: { prompt: "tax (form|return)" } }
`);
    const clock = virtualClock();
    const simulator = createSimulator({ clock, world });
    const status = async (request: Request) => (await clock.run(simulator.fetch(request))).status;
    expect(await status(ask('gpt-5.5'))).toBe(500);
    expect(await status(ask('sim'))).toBe(200);
    expect(await status(ask('sim', { 'x-sim-region': 'eu' }))).toBe(502);
    expect(await status(ask('sim', {}, 'hi', '/region/eu'))).toBe(502);
    expect(await status(ask('sim', {}, 'hi', '/region/us'))).toBe(200);
    expect(await status(ask('sim', {}, 'My TAX RETURN is late'))).toBe(504);
  });

  test('probability is a rate, and the same seed meets the same calls', async () => {
    const run = async (seed: number) => {
      const clock = virtualClock();
      const world = loadWorld('timeline: [{ fault: status, with: { code: 500 }, probability: 0.25 }]');
      const simulator = createSimulator({ clock, world, seed });
      let failed = '';
      for (let i = 0; i < 400; i++)
        failed += (await clock.run(simulator.fetch(ask('sim-instant')))).status === 500 ? 'x' : '.';
      return failed;
    };
    const first = await run(1);
    const rate = first.split('x').length - 1;
    // 400 draws at 0.25: mean 100, standard deviation 8.7; four of them either way.
    expect(rate).toBeGreaterThan(65);
    expect(rate).toBeLessThan(135);
    expect(await run(1)).toBe(first);
    expect(await run(2)).not.toBe(first);
  });
});

describe('quotas', () => {
  const world = loadWorld('quotas: [{ model: sim-instant, requestsPerMinute: 3, tokensPerMinute: 10000 }]');

  test('the fourth request in a minute is told how long to wait, in the words of OpenAI', async () => {
    const clock = virtualClock();
    const simulator = createSimulator({ clock, world });
    const go = () => clock.run(simulator.fetch(ask('sim-instant', { authorization: 'Bearer sk-a' })));
    for (let left = 2; left >= 0; left--) {
      const response = await go();
      expect(response.status).toBe(200);
      expect(response.headers.get('x-ratelimit-remaining-requests')).toBe(String(left));
    }
    const refused = await go();
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('20');
    expect(refused.headers.get('retry-after-ms')).toBe('20000');
    expect(refused.headers.get('x-ratelimit-reset-requests')).toBe('1m0s');
    expect(await clock.run(refused.json())).toMatchObject({
      error: { type: 'requests', code: 'rate_limit_exceeded' },
    });
    const other = await clock.run(simulator.fetch(ask('sim-instant', { authorization: 'Bearer sk-b' })));
    expect(other.status).toBe(200);
    await clock.advance(20_000);
    expect((await go()).status).toBe(200);
    expect((await go()).status).toBe(429);
  });

  test('an alias draws on the quota of the model behind it', async () => {
    const clock = virtualClock();
    const aliased = loadWorld(
      'aliases: { support: sim-instant }\nquotas: [{ model: sim-instant, requestsPerMinute: 2 }]',
    );
    const simulator = createSimulator({ clock, world: aliased });
    const go = async (model: string) =>
      (await clock.run(simulator.fetch(ask(model, { authorization: 'Bearer sk-a' })))).status;
    expect([await go('support'), await go('sim-instant'), await go('support')]).toEqual([200, 200, 429]);
  });

  test('and in the words of Anthropic', async () => {
    const clock = virtualClock({ start: Date.UTC(2026, 0, 5) });
    const simulator = createSimulator({ clock, world });
    const go = () =>
      clock.run(
        simulator.fetch(
          new Request('http://simulator/v1/messages', {
            method: 'POST',
            headers: { 'anthropic-version': '2023-06-01', 'x-api-key': 'a' },
            body: JSON.stringify({
              model: 'sim-instant',
              max_tokens: 9000,
              messages: [{ role: 'user', content: 'hi' }],
            }),
          }),
        ),
      );
    expect((await go()).status).toBe(200);
    const refused = await go();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(40);
    expect(refused.headers.get('anthropic-ratelimit-tokens-limit')).toBe('10000');
    expect(refused.headers.get('anthropic-ratelimit-tokens-reset')).toBe('2026-01-05T00:00:55Z');
    expect(await clock.run(refused.json())).toMatchObject({
      type: 'error',
      error: { type: 'rate_limit_error' },
    });
  });

  test('input and output apart: a burst of input, output counted when it is written, cache reads given back', async () => {
    const clock = virtualClock();
    const apart = loadWorld(
      'quotas: [{ tokensInPerMinute: 60000, tokensOutPerMinute: 600, burst: 6s, countCacheReads: false }]',
    );
    const simulator = createSimulator({ clock, world: apart });
    const go = (content: string) =>
      clock.run(
        simulator.fetch(
          new Request('http://simulator/v1/messages', {
            method: 'POST',
            headers: { 'anthropic-version': '2023-06-01', 'x-api-key': 'a' },
            body: JSON.stringify({
              model: 'sim-instant',
              max_tokens: 9000,
              messages: [{ role: 'user', content }],
            }),
          }),
        ),
      );
    const left = (response: Response, what: string) =>
      Number(response.headers.get(`anthropic-ratelimit-${what}-tokens-remaining`));
    const first = await go('echo: hi');
    expect(first.status).toBe(200);
    expect(first.headers.get('anthropic-ratelimit-input-tokens-limit')).toBe('60000');
    expect(first.headers.get('anthropic-ratelimit-output-tokens-limit')).toBe('600');
    // Six seconds of the input limit and not a minute of it: what is larger never fits.
    expect((await go(`echo: hi ${'word '.repeat(6_000)}`)).status).toBe(429);
    // A hundred words of output overdraw the sixty tokens there are at once, and are paid off at ten a second.
    const long = await go('in 100 words');
    expect(long.status).toBe(200);
    await clock.run(long.text());
    const refused = await go('echo: hi');
    expect(refused.status).toBe(429);
    expect(await clock.run(refused.json())).toMatchObject({
      error: { message: expect.stringContaining('600 output tokens per minute') },
    });
    await clock.advance(60_000);
    const after = await go('echo: hi');
    expect(after.status).toBe(200);
    expect(left(after, 'input')).toBe(6_000);
  });

  test('tokens per day', async () => {
    const clock = virtualClock();
    const daily = loadWorld('quotas: [{ tokensPerDay: 25 }]');
    const simulator = createSimulator({ clock, world: daily });
    const go = async () => (await clock.run(simulator.fetch(ask('sim-instant')))).status;
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) statuses.push(await go());
    expect(statuses).toContain(200);
    expect(statuses.at(-1)).toBe(429);
    await clock.advance(86_400_000);
    expect(await go()).toBe(200);
  });
});
