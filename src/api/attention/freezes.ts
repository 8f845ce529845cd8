import type { Attention, FreezeView } from '#contracts';
import { plural } from '#contracts/say';

/** Lines of one kind; past it the list of frozen routes is the better place. */
const MOST = 3;
const SHOWN = 3;

/** A route that is held while what callers send or providers serve goes on without it, and a hold that somebody has to end. */
export const freezeAttention = (freezes: readonly FreezeView[]): Attention[] => [
  ...freezes.flatMap(movedOf).slice(0, MOST),
  ...freezes.flatMap(waitingOf).slice(0, MOST),
];

const linkOf = ({ route }: FreezeView) => `/routes/${encodeURIComponent(route)}`;
const becauseOf = ({ by, reason }: FreezeView) =>
  `Frozen by ${by}${reason === undefined ? '' : `: ${reason}`}.`;

function movedOf(freeze: FreezeView): readonly Attention[] {
  const { route, version, moved = [] } = freeze;
  if (moved.length === 0) return [];
  const shown = moved.slice(0, SHOWN).map(({ subject, value }) => `${subject} is now ${value.slice(0, 40)}`);
  const rest = moved.length > SHOWN ? ` and ${moved.length - SHOWN} more` : '';
  return [
    {
      level: 'warn',
      what: `${route} is frozen, and what is sent to it has moved`,
      why: `Since it was frozen at ${version}: ${shown.join('; ')}${rest}. ${becauseOf(freeze)}`,
      todo: 'The policy is held; prompts and tools are not ours to hold. Stop the deploy, or thaw the route.',
      link: linkOf(freeze),
    },
  ];
}

function waitingOf(freeze: FreezeView): readonly Attention[] {
  const { route, waiting } = freeze;
  if (waiting.length === 0) return [];
  return [
    {
      level: 'note',
      what: `${route} is frozen, and the configuration says otherwise`,
      why: `${plural(waiting.length, 'setting')} would change: ${waiting.slice(0, SHOWN).join('; ')}. ${becauseOf(freeze)}`,
      todo: `It takes effect with \`midwatch thaw ${route}\`.`,
      link: linkOf(freeze),
    },
  ];
}
