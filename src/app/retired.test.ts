import { expect, test } from 'bun:test';
import { configSchema } from '#contracts';
import type { EdgeReading } from '#gateway';
import { withRetirements } from './retired.ts';

const { providers } = configSchema.parse({
  providers: {
    anthropic: {},
    own: { protocol: 'openai', baseUrl: 'http://127.0.0.1:1', retires: { small: '2026-05-01' } },
  },
});
const edge = (provider: string, model: string): EdgeReading => ({
  route: 'chat',
  tier: 'spare',
  provider,
  model,
  protocol: 'openai-chat',
  state: 'PROVEN',
  ready: true,
  hashMatches: true,
  probed: { state: 'UNPROVEN', why: 'never drilled', checks: [] },
  exercised: {
    state: 'UNPROVEN',
    why: 'never exercised',
    n: 0,
    failures: 0,
    needed: 59,
    share: 0,
    parity: [],
    against: {},
  },
  load: { state: 'UNPROVEN', why: 'never drilled' },
  reports: [{ kind: 'context', text: 'takes less' }],
});
const told = (provider: string, model: string, on: string) =>
  withRetirements([edge(provider, model)], providers, Date.parse(on)).flatMap(({ reports }) =>
    reports.map(({ kind, text }) => `${kind}: ${text}`),
  );

test('a fallback on a model that is shut down is reported sixty days before, by our list or by the configuration', () => {
  const rest = 'context: takes less';
  expect(told('anthropic', 'claude-3-opus-20240229', '2025-10-01')).toEqual([rest]);
  expect(told('anthropic', 'claude-3-opus-20240229', '2025-12-26')).toEqual([
    'retired: its model claude-3-opus-20240229 is shut down by its provider on 2026-01-05, in 10 days',
    rest,
  ]);
  expect(told('anthropic', 'claude-3-opus-20240229', '2026-02-01')[0]).toContain('was shut down');
  expect(told('own', 'small', '2026-05-01')[0]).toBe(
    'retired: its model small was shut down by its provider on 2026-05-01',
  );
  expect(told('own', 'large', '2026-05-01')).toEqual([rest]);
});
