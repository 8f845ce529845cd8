import type { Attention, BudgetView, ProviderView, SlownessCause } from '#contracts';
import { dollars } from '#contracts/say';

/** Lines of one kind; past it the page that lists them all is the better place. */
const MOST = 3;

/** Targets that serve nobody or badly now. Traffic goes round them by itself, so this is about what to mend, not about panic. */
export function targetAttention(targets: readonly ProviderView[]): Attention[] {
  // What no route leads to is nobody's trouble any more.
  const wanted = targets.filter(({ routes }) => routes.length > 0);
  const name = ({ provider, model, endpoint = '' }: ProviderView) =>
    `${provider}/${model}${endpoint.endsWith(' whole') ? ', whole answers,' : ''}`;
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
