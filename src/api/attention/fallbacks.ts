import type { Attention, FallbackView } from '#contracts';

/** Lines of this kind; past it the board that lists them all is the better place. */
const MOST = 5;

/** Fallbacks that would fail tonight: those that a route relies on first. One that nobody wants proven is told of when it broke. */
export const fallbackAttention = (edges: readonly FallbackView[]): Attention[] =>
  edges
    .flatMap((edge): readonly Attention[] => {
      const { required, state, ready, says, todo = 'See the board of fallbacks.', reports } = edge;
      const name = `Fallback ${edge.tier} of ${edge.route}`;
      const found = { why: says, todo, link: '/tiers' };
      if (state === 'BROKEN' || (required !== undefined && !ready))
        return [
          {
            level: state === 'BROKEN' && required !== undefined ? 'alarm' : 'warn',
            what: `${name} is ${state.toLowerCase()}`,
            ...found,
          },
        ];
      const [first] = reports;
      return first ? [{ level: 'warn', what: `${name} ${first.text}`, ...found }] : [];
    })
    .sort((a, b) => Number(b.level === 'alarm') - Number(a.level === 'alarm'))
    .slice(0, MOST);
