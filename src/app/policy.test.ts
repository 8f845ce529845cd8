import { expect, test } from 'bun:test';
import { type ConfigInput, configSchema, type DemotionView } from '#contracts';
import { policyOf } from './policy.ts';
import { buildRoutes } from './routes.ts';

/** Lines of a route's policy, as `step: what it says`. */
function lines(route: object, providers: NonNullable<ConfigInput['providers']> = {}): readonly string[] {
  const config = configSchema.parse({
    providers: { up: { protocol: 'openai', baseUrl: 'http://127.0.0.1:1/v1', ...providers.up } },
    routes: { chat: { tiers: [{ name: 'primary', targets: [{ provider: 'up', model: 'm' }] }], ...route } },
  });
  const [chat] = buildRoutes(config).routes;
  if (!chat) throw new Error('a route was configured');
  return policyOf(chat, config.providers).map(({ step, says }) => `${step}: ${says}`);
}

test('what is switched off takes no line', () => {
  const steps = lines({}).map((line) => line.split(':')[0]);
  expect(steps).toEqual(['match', 'admit', 'try', 'move on', 'wait', 'relay', 'record']);
});

test('each switch has its line, with its numbers', () => {
  const said = lines(
    {
      hedge: true,
      buffer: 'whole',
      fallbackOn: ['content_filter', 'refusal'],
      waitForTarget: '1s',
      attempts: { perTarget: 3, perExchange: 5 },
      exercise: { share: 0.01 },
      timeouts: { byHour: true },
      defer: { within: '6h' },
      tiers: [
        { name: 'both', byHour: true, targets: ['m', 'n'].map((model) => ({ provider: 'up', model })) },
      ],
    },
    {
      up: {
        concurrency: { max: 50 },
        quota: [{ models: 'm*', perModel: true, requestsPerMinute: 1_500, tokensPerDay: 9 }, {}],
      },
    },
  ).join('\n');
  for (const text of [
    'exercise: 1 % of the traffic goes through each fallback',
    'quota: up: 1,500 requests a minute, 9 tokens a day for m* each; when it is short',
    'a wait up to 1 s is waited out',
    'at most 3 tries of one target, 5 in all',
    'also when the answer is a content filter or a refusal',
    'hedge: ',
    'limit: up: as many calls at once as its latency bears, at most 50',
    'try: both: up/m, then up/n; shared by how fast each is at this hour of the week',
    'defer: runs of the batch lane that nobody waits for begin at the calmest hour within 6 h',
    'wait: by the hour: ',
    'relay: a stream begins only when its answer is known to be complete',
  ])
    expect(said).toContain(text);
});

test('promises and rules of the tier mix have a line each, with share, owner and end', () => {
  const said = lines({
    tiers: [
      { name: 'primary', targets: [{ provider: 'up' }] },
      { name: 'canned', reply: 'Out of breath.' },
    ],
    mix: { primary: { target: 0.995, floor: 0.98, owner: 'ana' } },
    demotions: [
      {
        id: 'evening',
        from: 'primary',
        to: 'canned',
        owner: 'bob',
        reason: 'canned',
        maxShare: '5 %',
        expiresAt: '2026-07-01',
        onExpire: 'block',
        when: { lane: 'batch', tenant: ['a', 'b'] },
      },
    ],
  });
  expect(said).toContain('promise: primary serves 99.5 % as a target, at least 98 % (owner ana)');
  expect(said).toContain(
    'demote: rule evening: at most 5 % of primary goes to canned, where tenant a or b and lane batch (canned, owner bob), until 2026-07-01; then what it wants is refused',
  );
});

test('a rule that is over is not told as one that acts', () => {
  const at = Date.UTC(2026, 5, 1);
  const rule = { id: 'evening', from: 'primary', to: 'canned', owner: 'bob', reason: 'canned' } as const;
  const config = configSchema.parse({
    providers: { up: { protocol: 'openai', baseUrl: 'http://127.0.0.1:1/v1' } },
    routes: {
      chat: {
        tiers: [
          { name: 'primary', targets: [{ provider: 'up' }] },
          { name: 'canned', reply: 'Later.' },
        ],
        demotions: [{ ...rule, maxShare: 0.05, expiresAt: '2026-06-01' }],
      },
    },
  });
  const [chat] = buildRoutes(config).routes;
  if (!chat) throw new Error('a route was configured');
  const said = (view: Partial<DemotionView> & Pick<DemotionView, 'status'>) => {
    const base = {
      ...rule,
      route: 'chat',
      maxShare: 0.05,
      expiresAt: at,
      onExpire: 'restore',
      when: {},
    } as const;
    const standing = { ...base, left: 0, seen: 0, demoted: 0, held: 0, ...view };
    return policyOf(chat, config.providers, undefined, [standing]).find(({ step }) => step === 'demote')
      ?.says;
  };
  expect(said({ status: 'acting' })).toStartWith('rule evening: at most 5 % of primary goes to canned');
  expect(said({ status: 'expired' })).toStartWith('rule evening expired on 2026-06-01 and does nothing');
  expect(said({ status: 'blocking' })).toContain('refuses what it used to demote, until bob decides');
  expect(said({ status: 'ended', ended: { by: 'ana', at } })).toContain('was ended by ana on 2026-06-01');
  expect(said({ status: 'extended', approval: { by: 'ana', until: at + 1 } })).toContain(
    'approved by ana until',
  );
});
