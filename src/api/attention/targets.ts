import type { Attention, BudgetView, ProviderView } from '#contracts';
import { dollars } from './say.ts';

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
      const { status, keyRefused, says, routes } = target;
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
      if (status === 'brownout')
        return [
          {
            level: 'warn',
            what: `${name(target)} has a brownout`,
            why: says,
            todo: `Its share grows again as answers get better. ${affected}`,
            link: '/weather',
          },
        ];
      return [];
    })
    .slice(0, MOST);
}

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
