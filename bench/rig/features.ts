/** A feature of a route and what has to be written to have it. */
export interface Feature {
  readonly name: string;
  readonly route?: object;
  readonly provider?: object;
  readonly house?: object;
  readonly named?: boolean;
  /** The target speaks another dialect. */
  readonly across?: boolean;
  readonly only?: 'stream' | 'whole';
}

const RULES = { take: 'dear', features: ['hard'] };
export const FEATURES: readonly Feature[] = [
  { name: 'nothing switched on' },
  { name: 'exercise of the fallback, 1 %', route: { exercise: { share: 0.01 } } },
  {
    name: 'demotion rule and declared mix',
    route: {
      mix: { primary: '>= 0.5' },
      demotions: [
        {
          id: 'batch',
          from: 'primary',
          to: 'spare',
          owner: 'ana',
          reason: 'budget',
          maxShare: 0.5,
          expiresAt: '2099-01-01',
          when: { feature: 'batch' },
        },
      ],
    },
  },
  {
    name: 'ramp by difficulty',
    route: { ramp: { to: 'spare', stages: [[50, 5]], edges: [1000], baseline: 0.02, harm: 1e9 } },
  },
  {
    name: 'router by rules',
    route: {
      router: {
        cheap: 'spare',
        dear: 'primary',
        rules: [RULES],
        otherwise: 'cheap',
        expectedEscalation: 0.3,
      },
    },
  },
  { name: 'concurrency limit', provider: { concurrency: {} } },
  { name: 'hedging', route: { hedge: true } },
  { name: 'timeouts by the hour', route: { timeouts: { byHour: true } } },
  {
    name: 'quota of three axes',
    provider: { quota: { requestsPerMinute: 1e9, tokensPerMinute: 1e12, tokensPerDay: 1e14 } },
  },
  { name: 'budget by key', house: { budgets: { keys: { per: 'key', hard: 1e9 } } } },
  { name: 'Idempotency-Key', named: true },
  {
    name: 'shadow, 1 %',
    route: { shadow: { target: { provider: 'openai', model: 'gpt-4o' }, share: 0.01, maxPerSecond: 1e6 } },
  },
  { name: 'takeover', route: { takeover: {} }, only: 'stream' },
  { name: 'buffer: whole', route: { buffer: 'whole' }, only: 'stream' },
  { name: 'usage: ask', route: { usage: 'ask' }, only: 'stream' },
  { name: 'translation to Anthropic messages', across: true },
];

/** All at once, but for what excludes another: a ramp decides where a router would, and a buffered stream is no stream. */
export const EVERYTHING: Feature = {
  name: 'all that go together',
  route: Object.assign(
    {},
    ...FEATURES.filter((f) => f.route && !['router by rules', 'buffer: whole'].includes(f.name)).map(
      (f) => f.route,
    ),
  ),
  provider: {
    concurrency: {},
    quota: { requestsPerMinute: 1e9, tokensPerMinute: 1e12, tokensPerDay: 1e14 },
  },
  house: { budgets: { keys: { per: 'key', hard: 1e9 } } },
  named: true,
};
