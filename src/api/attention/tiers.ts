import type { Attention, DemotionView, TierFinding } from '#contracts';
import { coarse } from '#contracts/say';

const MOST = 3;
const SOON = 24 * 3_600_000;
const LEVELS = ['alarm', 'warn', 'note'] as const;

const WHAT: Readonly<Record<TierFinding['kind'], string>> = {
  level: 'too many exchanges are not served by the first tier',
  drift: 'the tier mix drifts away from what is declared',
  recount: 'the record of the tier mix does not agree with what this gateway counted',
};

/** The tier mix where it is not what was promised, and rules that need a decision; each with whoever answers for it. */
export const tierAttention = (
  findings: readonly (TierFinding & { readonly route: string })[],
  demotions: readonly DemotionView[],
): Attention[] => [
  ...findings
    .toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level))
    .slice(0, MOST)
    .map(({ route, kind, level, says, todo, owner }) => ({
      level,
      what: `${route}: ${WHAT[kind]}`,
      why: says,
      todo: `${todo} Owner: ${owner ?? 'nobody is named; add one to the route'}.`,
      link: '/tiers',
    })),
  ...demotions.flatMap(ruleAttention).slice(0, MOST),
];

function ruleAttention({ route, id, owner, status, left, onExpire, held, to }: DemotionView): Attention[] {
  const rule = `Rule ${id} of route ${route}`;
  if (status === 'blocking')
    return [
      {
        level: 'alarm',
        what: `${rule} has expired and blocks`,
        why: `It ended ${coarse(-left)} ago with \`onExpire: block\`, so what it used to send to ${to} is refused: ${held} so far.`,
        todo: `${owner} must decide: give it a new end, take it out, or \`midwatch tiers end ${route} ${id}\`.`,
        link: '/tiers',
      },
    ];
  if (status === 'expired')
    return [
      {
        level: 'note',
        what: `${rule} has expired`,
        why: `It ended ${coarse(-left)} ago and does nothing any more.`,
        todo:
          onExpire === 'extend-with-approval'
            ? `${owner} takes it out, or somebody approves it: \`midwatch tiers approve ${route} ${id} --for 7d\`.`
            : `${owner} takes it out or gives it a new end.`,
        link: '/tiers',
      },
    ];
  if (left > SOON || status === 'ended') return [];
  return [
    {
      level: onExpire === 'block' ? 'warn' : 'note',
      what: `${rule} ends in ${coarse(left)}`,
      why:
        onExpire === 'block'
          ? 'From then on what it demotes is refused.'
          : 'From then on it does nothing unless approved.',
      todo: `Ask ${owner} whether it is still wanted.`,
      link: '/tiers',
    },
  ];
}
