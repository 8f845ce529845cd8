import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { distance, nearest } from '#kernel';
import { loadConfig } from './load.ts';
import { parseConfig } from './parse.ts';

const GOOD = `
listen: { host: 127.0.0.1, port: 4004 }
providers:
  openai: { protocol: openai, baseUrl: https://api.openai.com/v1, apiKey: "\${OPENAI_API_KEY}" }
  anthropic: { protocol: anthropic, apiKey: "\${ANTHROPIC_API_KEY:-none}" }
routes:
  support:
    match: { model: support }
    tiers:
      - { name: primary, targets: [ { provider: openai, model: gpt-5.5 } ] }
      - { name: fallback, targets: [ { provider: anthropic, model: claude-opus-4-7 } ] }
    timeouts: { headers: 10s, firstToken: 1.5s, idle: 250ms, total: 2m }
`;

const problems = (text: string, env = {}) => {
  const parsed = parseConfig(text, env);
  return parsed.ok ? [] : parsed.error;
};

test('a whole file: durations in milliseconds, variables filled in, defaults present', () => {
  const parsed = parseConfig(GOOD, { OPENAI_API_KEY: 'k1' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  expect(parsed.value.routes.support?.timeouts).toMatchObject({
    headers: 10_000,
    firstToken: 1_500,
    idle: 250,
    total: 120_000,
  });
  expect(parsed.value.providers.openai?.apiKey).toBe('k1');
  expect(parsed.value.providers.anthropic?.apiKey).toBe('none');
  expect(parsed.value.retention.exchanges).toBe(30 * 86_400_000);
});

test('the configuration of the README is one, with its variables as they stand there', async () => {
  const readme = await Bun.file(join(import.meta.dir, '../../../README.md')).text();
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
  expect(yaml).toContain(`{ apiKey: \${OPENAI_API_KEY} }`);
  const parsed = parseConfig(yaml, { OPENAI_API_KEY: 'k1: {x}, #y', ANTHROPIC_API_KEY: 'k2' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  expect(parsed.value.providers.openai?.apiKey).toBe('k1: {x}, #y');
  expect(problems(yaml, { OPENAI_API_KEY: 'k' })).toEqual([
    { line: 3, path: 'providers.anthropic.apiKey', message: expect.stringContaining('ANTHROPIC_API_KEY') },
  ]);
});

test('a variable is a number or a yes where one is wanted, and text where not', () => {
  const parsed = parseConfig(
    `listen: { port: \${PORT:-4004} }\nproviders: { openai: { apiKey: \${KEY}, free: \${FREE} } }`,
    { PORT: '8080', KEY: '123', FREE: 'true' },
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  expect(parsed.value.listen.port).toBe(8080);
  expect(parsed.value.providers.openai).toMatchObject({ apiKey: '123', free: true });
  expect(problems(`listen: { port: \${PORT} }`, { PORT: 'eighty' })).toHaveLength(1);
});

test('of what the parser says only the cause is said, and an alias that holds itself is one sentence', () => {
  expect(problems('a: {\nb: ]\nc: [ }\n')).toHaveLength(1);
  expect(problems('routes: &a [*a]')).toEqual([
    { line: 1, path: '', message: expect.stringContaining('alias') },
  ]);
});

test('a missing variable is named with its line', () => {
  expect(problems(GOOD)).toEqual([
    { line: 4, path: 'providers.openai.apiKey', message: expect.stringContaining('OPENAI_API_KEY') },
  ]);
});

test.each([
  ['lisen: {}', 1, 'lisen', 'did you mean "listen"'],
  ['a: [', 1, '', ''],
  ['listen:\n  prt: 1', 2, 'listen.prt', 'did you mean "port"'],
  [
    'routes:\n  a:\n    match:\n      protocol: opnai\n    tiers: [ { name: x, reply: hi } ]',
    4,
    'routes.a.match.protocol',
    'did you mean "openai"',
  ],
  [
    'routes:\n  chat:\n    tiers:\n      - name: a\n        targts: []',
    5,
    'routes.chat.tiers[0].targts',
    'did you mean "targets"',
  ],
  [
    'routes:\n  chat:\n    tiers:\n      - name: a\n        targets: [{ provider: opnai }]\nproviders:\n  openai: {}',
    5,
    'routes.chat.tiers[0].targets[0].provider',
    'did you mean "openai"',
  ],
  ['drainTimeout: soon', 1, 'drainTimeout', 'write a duration'],
  ['providers:\n  mine: { baseUrl: http://127.0.0.1:1 }', 2, 'providers.mine', 'say what it speaks'],
  ['providers:\n  azure: { apiKey: x }', 2, 'providers.azure', 'baseUrl'],
  ['providers:\n  openai: { apiKy: x }', 2, 'providers.openai.apiKy', 'did you mean "apiKey"'],
  [
    'providers:\n  openai:\n    quota: { requestPerMinute: 5 }',
    3,
    'providers.openai.quota.requestPerMinute',
    'did you mean "requestsPerMinute"',
  ],
  [
    'providers:\n  openai:\n    quota:\n      - { rpm: 5 }',
    4,
    'providers.openai.quota[0].rpm',
    'known here: models, perModel, requestsPerMinute',
  ],
  [
    'routes:\n  "my chat": { tiers: [] }',
    2,
    'routes.my chat',
    '"my chat" cannot be a name here: use letters',
  ],
  ['routes:\n  chat:\n    tiers: [{ name: a }]', 3, 'routes.chat.tiers[0]', 'either `targets` or'],
])('%j is refused at its line with a remedy', (text, line, path, message) => {
  const [first] = problems(text);
  expect(first?.line).toBe(line);
  expect(first?.path).toBe(path);
  expect(first?.message).toContain(message);
});

test('without a file the environment decides, and without keys the simulator serves', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'midwatch-config-'));
  try {
    expect(loadConfig({ cwd, env: {} }).source).toBe('simulator');
    const both = loadConfig({ cwd, env: { OPENAI_API_KEY: 'a', ANTHROPIC_API_KEY: 'b' } });
    expect(both.source).toBe('environment');
    expect(Object.entries(both.config.routes).map(([name, r]) => [name, r.match.protocol])).toEqual([
      ['openai', 'openai'],
      ['anthropic', 'anthropic'],
    ]);
    writeFileSync(join(cwd, 'midwatch.yaml'), 'listen: { port: 1 }\n');
    expect(loadConfig({ cwd, env: { OPENAI_API_KEY: 'a' } })).toMatchObject({
      source: 'environment',
      config: { listen: { port: 1 } },
    });
    expect(() => loadConfig({ cwd, env: {}, file: 'other.yaml' })).toThrow('there is no such file');
  } finally {
    rmSync(cwd, { recursive: true });
  }
});

test('distance is a metric', () => {
  const word = fc.string({ maxLength: 8 });
  fc.assert(
    fc.property(word, word, word, (a, b, c) => {
      expect(distance(a, b)).toBe(distance(b, a));
      expect(distance(a, b) === 0).toBe(a === b);
      expect(distance(a, c)).toBeLessThanOrEqual(distance(a, b) + distance(b, c));
    }),
  );
  expect(nearest('timeots', ['tiers', 'timeouts', 'match'])).toBe('timeouts');
  expect(nearest('zzzzzz', ['tiers', 'timeouts', 'match'])).toBeUndefined();
});
