import type { Attention, RegimeCause } from '#contracts';
import { type RegimeFinding, saysRegime } from '../traffic/hours.ts';

/** Lines of one kind; past it the page that lists them all is the better place. */
const MOST = 3;

/** Targets that have left their own week for hours; the sizes of their asks are not told apart here. */
export function regimeAttention(found: readonly RegimeFinding[]): Attention[] {
  const first = new Map<string, RegimeFinding>();
  for (const one of found) {
    const name = `${one.provider}/${one.model} ${one.figure}`;
    const known = first.get(name);
    if (!known || one.regime.since < known.regime.since) first.set(name, one);
  }
  return [...first.values()].slice(0, MOST).map((one) => ({
    level: one.regime.cause === 'provider' ? 'warn' : 'note',
    what: `${one.provider}/${one.model} is slower than its own week`,
    why: saysRegime(one.figure, one.regime),
    todo: ADVICE[one.regime.cause],
    link: '/weather',
  }));
}

const ADVICE: Readonly<Record<RegimeCause, string>> = {
  provider:
    'Nothing of ours changed: let traffic go elsewhere, and show `midwatch latency profile` to the provider.',
  ours: 'Look for what changed in our own asks since then: the page Changes, longer prompts, a lost cache.',
  unclear: 'Wait for more of what is asked on a schedule, or make `probes.every` shorter.',
  unknown: 'Set `probes` to know whose it is; until then compare `midwatch latency profile`.',
};
