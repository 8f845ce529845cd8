import type { Attention, BudgetView, ProviderView, SlownessCause } from '#contracts';
import { dollars } from '#contracts/say';

/** Lines of one kind; past it the page that lists them all is the better place. */
const MOST = 3;

/** Targets that serve nobody or badly now. Traffic goes round them by itself, so this is about what to mend, not about panic. */
export function targetAttention(targets: readonly ProviderView[]): Attention[] {
  // What no route leads to is nobody's trouble any more.
  const wanted = targets.filter(({ routes }) => routes.length > 0);
  const name = nameAmong(wanted);
  return wanted
    .flatMap((target): readonly Attention[] => {
      const { status, keyRefused, says, routes, slow } = target;
      const affected = `Routes: ${routes.join(', ')}.`;
      if (keyRefused)
        return [
          {
            level: 'alarm',
            what: `${target.provider} refuses our key`,
            why: says,
            todo: `Set a valid key and reload with \`midwatch reload\`. ${affected}`,
            link: '/weather',
          },
        ];
      if (status === 'down')
        return [
          {
            level: 'alarm',
            what: `${name(target)} is down`,
            why: says,
            todo: `Traffic goes to what is left, and comes back by itself. ${affected}`,
            link: '/weather',
          },
        ];
      if (slow && status !== 'brownout')
        return [
          {
            level: slow.cause === 'provider' || slow.cause === 'network' ? 'warn' : 'note',
            what: `${name(target)} keeps callers waiting`,
            why: slow.says,
            todo: `${ADVICE[slow.cause]} ${affected}`,
            link: '/weather',
          },
        ];
      if (status === 'brownout')
        return [
          {
            level: 'warn',
            what: `${name(target)} has a brownout`,
            why: slow ? `${slow.says} ${says}` : says,
            todo: `Its share grows again as answers get better. ${affected}`,
            link: '/weather',
          },
        ];
      return [];
    })
    .slice(0, MOST);
}

/** A target stands for each endpoint by itself; which one it is, is said where more than one is listed. */
function nameAmong(targets: readonly ProviderView[]): (target: ProviderView) => string {
  const base = ({ provider, model }: ProviderView) => `${provider}/${model}`;
  const protocol = ({ endpoint = '' }: ProviderView) => endpoint.replace(/ whole$/, '');
  const dialects = new Map<string, Set<string>>();
  for (const target of targets) {
    const of = dialects.get(base(target)) ?? new Set();
    dialects.set(base(target), of.add(protocol(target)));
  }
  return (target) => {
    const several = (dialects.get(base(target))?.size ?? 0) > 1;
    const which = several && target.endpoint !== undefined ? `, ${protocol(target)}` : '';
    const whole = target.endpoint?.endsWith(' whole') ? ', whole answers' : '';
    return `${base(target)}${which}${whole}${which || whole ? ',' : ''}`;
  };
}

const ADVICE: Readonly<Record<SlownessCause, string>> = {
  own_load: 'Find who sends more (`midwatch spend --by feature`), or raise the capacity that was bought.',
  prompts: 'Find what made the asks longer, or kept them from the cache: a new prompt, or a lost prefix.',
  provider:
    'Nothing of ours changed: let traffic go elsewhere (`timeouts.byHour`, `concurrency`), and show the figures to the provider.',
  network: 'Look at the way there: names, proxies, routes, the region that is asked.',
  unknown: 'What is watched has not changed; compare `midwatch latency profile`.',
};

/** Budgets that refuse callers now. */
export const budgetAttention = (budgets: readonly BudgetView[]): Attention[] =>
  budgets
    .filter(({ state }) => state === 'hard')
    .slice(0, MOST)
    .map(({ budget, scope, value, settled, reserved, hard = 0, period }) => ({
      level: 'warn',
      what: `Budget ${budget} of ${scope} ${value} is used up`,
      why: `${dollars(settled)} spent and ${dollars(reserved)} reserved of ${dollars(hard)}, by ${period}.`,
      todo: 'Whatever could go beyond is refused: raise `hard` and reload, or wait for the next period.',
      link: '/spend',
    }));
