import type {
  Config,
  DemotionConfig,
  DemotionView,
  Freeze,
  MixConfig,
  QuotaConfig,
  Route,
  RouteView,
} from '#contracts';
import { percent, span } from '#contracts/say';

type Rule = RouteView['policy'][number];

export const targetsOf = (tier: Route['tiers'][number]): readonly string[] =>
  tier.targets.map((t) => `${t.provider}/${t.model ?? "the client's model"}`);

/**
 * A route's whole policy as one printable list, in the order in which it acts; what is switched off takes no line. `demotions`:
 * how its rules stand; without them only what is declared is told.
 */
export function policyOf(
  { config, tiers }: Route,
  providers: Config['providers'],
  freeze?: Freeze,
  demotions: readonly DemotionView[] = [],
): readonly Rule[] {
  const { match, timeouts, attempts } = config;
  const wants = [
    match.model && `model ${match.model}`,
    match.protocol && `protocol ${match.protocol}`,
    match.feature && `feature ${match.feature}`,
  ].filter(Boolean);
  const share = config.exercise.share;
  return [
    ...when(freeze !== undefined, {
      step: 'frozen',
      says: `at version ${freeze?.version} by ${freeze?.by} since ${new Date(freeze?.at ?? 0).toISOString().slice(0, 16)}Z${freeze?.reason ? `: ${freeze.reason}` : ''}; nothing below changes, and nothing is exercised or copied, until it is thawed`,
    }),
    { step: 'match', says: wants.join(', ') || 'everything that no other route matches' },
    {
      step: 'admit',
      says: 'a valid key that may use this route; none from loopback until the first key exists',
    },
    ...tiers.map((tier, i) => ({
      step: i === 0 ? 'try' : 'else',
      says:
        tier.reply === undefined
          ? `${tier.name}: ${targetsOf(tier).join(', then ')}${tier.byHour ? '; shared by how fast each is at this hour of the week, once four weeks are known of all' : ''}`
          : `${tier.name}: answer "${tier.reply}"`,
    })),
    ...when(config.router !== undefined, {
      step: 'router',
      says: routerSays(config.router),
    }),
    ...when(config.ramp !== undefined, {
      step: 'ramp',
      says: rampSays(config.ramp),
    }),
    ...config.demotions.map((rule) => ({
      step: 'demote',
      says: demotion(
        rule,
        demotions.find(({ id }) => id === rule.id),
      ),
    })),
    ...promises(config.mix),
    ...when(share > 0, {
      step: 'exercise',
      says: `${percent(share)} of the traffic goes through each fallback on purpose, so that it is proven by use`,
    }),
    ...when(config.shadow !== undefined && config.shadow.share > 0, {
      step: 'shadow',
      says: `${percent(config.shadow?.share ?? 0)} of the asks go to ${config.shadow?.target.provider}/${config.shadow?.target.model ?? "the client's model"} too when they are answered, at most ${config.shadow?.maxPerSecond} a second; nobody gets those answers, they are compared`,
    }),
    ...quotas(tiers, providers),
    ...limits(tiers, providers),
    {
      step: 'move on',
      says: `before the first output: a lone error is tried once more where it was, a wait up to ${span(config.waitForTarget)} is waited out, else the next target; at most ${attempts.perTarget} tries of one target, ${attempts.perExchange} in all`,
    },
    ...when(config.fallbackOn.length > 0, {
      step: 'move on',
      says: `also when the answer is a ${config.fallbackOn.map((end) => end.replace('_', ' ')).join(' or a ')}`,
    }),
    ...when(config.hedge, {
      step: 'hedge',
      says: 'a first token later than the live 95th percentile is asked for once more elsewhere, and a third time where that is late too; at most 5 % more calls, the losers are cancelled',
    }),
    {
      step: 'wait',
      says: `headers ${span(timeouts.headers)}, first token ${span(timeouts.firstToken)}, idle ${span(timeouts.idle)}, without output ${span(timeouts.content)}, ${timeouts.whole === undefined ? '' : `whole answers ${span(timeouts.whole)}, `}all together ${span(timeouts.total)}`,
    },
    ...when(timeouts.byHour, {
      step: 'wait',
      says: `by the hour: while another target could answer, a first token no longer than 1.5 × the p99 that is normal for the target at this hour of the week, ${span(timeouts.firstToken)} at most, once four weeks are known`,
    }),
    ...when(config.defer !== undefined, {
      step: 'defer',
      says: `runs ${config.defer?.lanes.length === 1 ? `of the ${config.defer.lanes[0]} lane` : `of the lanes ${config.defer?.lanes.join(', ')}`} that nobody waits for begin at the calmest hour within ${span(config.defer?.within ?? 0)}, once four weeks are known; calls that hold a connection never wait for it`,
    }),
    {
      step: 'relay',
      says:
        config.buffer === 'whole'
          ? 'a stream begins only when its answer is known to be complete; whatever fails before moves on unseen'
          : 'byte for byte where dialects agree, translated where not; a cut, stalled or broken stream ends as an error of its own dialect',
    },
    ...when(config.takeover !== undefined && config.buffer === 'none', {
      step: 'take over',
      says: `a stream of plain text that breaks off is finished by another target, once, ${config.takeover?.by === 'restart' ? 'where that says the same from the beginning' : 'which goes on where it stopped'}; at most ${percent(config.takeover?.share ?? 0)} of the requests, marked in the record`,
    }),
    ...when(config.usage === 'ask', {
      step: 'usage',
      says: 'chat streams ask the provider for usage, whether or not the caller does; one who did not is not shown it',
    }),
    {
      step: 'record',
      says: {
        full: 'facts and bodies, secrets masked',
        masked: 'facts and bodies, secrets and personal data masked',
        none: 'facts only, no bodies',
      }[config.record],
    },
  ];
}

const EXPIRED = {
  restore: 'then it is as if it were gone',
  block: 'then what it wants is refused',
  'extend-with-approval': 'then it acts only while approved',
} as const;

function demotion(
  { id, from, to, maxShare, when: wanted, reason, owner, expiresAt, onExpire }: DemotionConfig,
  standing: DemotionView | undefined,
): string {
  const which = Object.entries(wanted).map(([name, values]) => `${name} ${(values ?? []).join(' or ')}`);
  const takes = `at most ${percent(maxShare)} of ${from} goes to ${to}${which.length > 0 ? `, where ${which.join(' and ')}` : ''} (${reason}, owner ${owner})`;
  const ends = stampOf(expiresAt);
  // A rule that is over is not told in the words of one that acts.
  switch (standing?.status) {
    case 'expired':
      return `rule ${id} expired on ${ends} and does nothing; until then: ${takes}`;
    case 'blocking':
      return `rule ${id} expired on ${ends} and refuses what it used to demote, until ${owner} decides; until then: ${takes}`;
    case 'ended':
      return `rule ${id} was ended by ${standing.ended?.by} on ${stampOf(standing.ended?.at ?? 0)} and does nothing; until then: ${takes}`;
    case 'extended':
      return `rule ${id}: ${takes}, past its end on ${ends}, approved by ${standing.approval?.by} until ${stampOf(standing.approval?.until ?? 0)}`;
    default:
      return `rule ${id}: ${takes}, until ${ends}; ${EXPIRED[onExpire]}`;
  }
}

/** The day alone where the time is its beginning, as it is written nearly always. */
const stampOf = (at: number): string =>
  new Date(at).toISOString().replace('T00:00:00.000Z', '').replace(':00.000Z', 'Z');

const promises = (mix: MixConfig = {}): readonly Rule[] =>
  Object.entries(mix).map(([tier, { target, floor, ceiling, owner }]) => {
    const bounds = [
      target !== undefined && `${percent(target)} as a target`,
      floor !== undefined && `at least ${percent(floor)}`,
      ceiling !== undefined && `at most ${percent(ceiling)}`,
    ].filter((bound) => bound !== false);
    return {
      step: 'promise',
      says: `${tier} serves ${bounds.join(', ') || 'what it may'}${owner === undefined ? '' : ` (owner ${owner})`}`,
    };
  });

const when = (holds: boolean, rule: Rule): readonly Rule[] => (holds ? [rule] : []);

const routerSays = (router: Route['config']['router']): string =>
  router
    ? `${router.cheap} or ${router.dear}, by ${[
        router.rules.length > 0 && (router.rules.length === 1 ? 'one rule' : `${router.rules.length} rules`),
        router.classifier && `a classifier that has ${router.classifier.timeout} ms`,
      ]
        .filter(Boolean)
        .join(
          ', then ',
        )}; ${percent(router.holdback)} of the tasks always take ${router.dear}, to see whether it pays`
    : '';

const rampSays = (ramp: Route['config']['ramp']): string =>
  ramp
    ? `asks move to ${ramp.to} in ${ramp.stages.length} stages by their difficulty, ${ramp.auto ? 'by themselves' : 'when an operator says so'}; a bucket that fails goes back alone, and all of them after ${ramp.harm} bad answers`
    : '';

/** One line a provider whose key has limits. */
function quotas(tiers: Route['tiers'], providers: Config['providers']): readonly Rule[] {
  const names = new Set(tiers.flatMap((tier) => tier.targets.map(({ provider }) => provider)));
  return [...names].flatMap((name) => {
    const limited = (providers[name]?.quota ?? []).filter((quota) => limitsOf(quota).length > 0);
    if (limited.length === 0) return [];
    const each = limited.map((quota) => {
      const models = quota.models === '*' ? '' : ` for ${quota.models}${quota.perModel ? ' each' : ''}`;
      return `${limitsOf(quota).join(', ')}${models}`;
    });
    return [
      {
        step: 'quota',
        says: `${name}: ${each.join('; ')}; when it is short, batch waits first and interactive callers last`,
      },
    ];
  });
}

/** One line a provider whose calls under way are counted. */
function limits(tiers: Route['tiers'], providers: Config['providers']): readonly Rule[] {
  const names = new Set(tiers.flatMap((tier) => tier.targets.map(({ provider }) => provider)));
  return [...names].flatMap((name) => {
    const limit = providers[name]?.concurrency;
    if (!limit) return [];
    const many = limit.adaptive
      ? `as many calls at once as its latency bears, at most ${limit.max}`
      : `at most ${limit.max} calls at once`;
    return [
      {
        step: 'limit',
        says: `${name}: ${many} to each model; beyond it the next target that has room, the batch lane waits; at most ${limit.queue} wait`,
      },
    ];
  });
}

const limitsOf = (quota: QuotaConfig): readonly string[] =>
  (
    [
      [quota.requestsPerMinute, 'requests a minute'],
      [quota.tokensInPerMinute, 'tokens in a minute'],
      [quota.tokensOutPerMinute, 'tokens out a minute'],
      [quota.tokensPerMinute, 'tokens a minute'],
      [quota.requestsPerDay, 'requests a day'],
      [quota.tokensPerDay, 'tokens a day'],
    ] as const
  ).flatMap(([limit, of]) => (limit === undefined ? [] : [`${limit.toLocaleString('en-US')} ${of}`]));
