import type { FallbackView, ProofLevel } from '#contracts';
import { percent, plural, ratio, times } from '#contracts/say';
import type { ApiServices } from '../services.ts';

type Edge = Omit<FallbackView, 'says' | 'todo'>;

const RANK: Readonly<Record<FallbackView['state'], number>> = { BROKEN: 0, UNPROVEN: 1, STALE: 2, PROVEN: 3 };

/** Every fallback with its sentence and what to do, worst first. */
export const fallbackViews = ({ fallbacks }: Pick<ApiServices, 'fallbacks'>): readonly FallbackView[] =>
  sayFallbacks(fallbacks());

export const sayFallbacks = (edges: readonly Edge[]): readonly FallbackView[] =>
  edges
    .map((edge): FallbackView => {
      const todo = todoOf(edge);
      return { ...edge, says: saysOf(edge), ...(todo !== undefined && { todo }) };
    })
    .sort(
      (a, b) =>
        Number(a.ready) - Number(b.ready) ||
        RANK[a.state] - RANK[b.state] ||
        b.reports.length - a.reports.length ||
        nameOf(a).localeCompare(nameOf(b)),
    );

const nameOf = ({ route, tier, provider, model, protocol }: Edge) =>
  [route, tier, provider, model, protocol].join(' ');

function saysOf({ required, state, ready, exercised, probed, load }: Edge): string {
  const proof = (level: ProofLevel): string => {
    const one = { PROBED: probed, EXERCISED: exercised, LOAD: load }[level];
    const n = level === 'EXERCISED' && exercised.n > 0 ? ` by ${plural(exercised.n, 'exercise')}` : '';
    const bound =
      level === 'EXERCISED' && one.state === 'PROVEN' && exercised.bound !== undefined
        ? `, at least ${percent(exercised.bound)} good`
        : '';
    const usual = level === 'EXERCISED' && one.state === 'PROVEN' ? againstSays(exercised) : '';
    return `${WORDS[level]}: ${one.state.toLowerCase()}${n}${bound}${usual}${one.state === 'PROVEN' ? '' : ` (${one.why})`}`;
  };
  const all = (['PROBED', 'EXERCISED', 'LOAD'] as const).map(proof).join('; ');
  if (required === undefined) return `${capital(state.toLowerCase())}. ${capital(all)}.`;
  return `${ready ? 'Has' : 'Has not'} what its tier asks for, ${required}. ${capital(all)}.`;
}

/** What a caller would notice of it, beside an answer: against the first tier. */
function againstSays({ against, cost }: Edge['exercised']): string {
  const each = (['time', 'length', 'cost'] as const).flatMap((name) => {
    if (name === 'cost' && cost) return [`${ratio(cost)} the cost`];
    const usual = against[name];
    return usual === undefined ? [] : [`${times(usual)} the ${name}`];
  });
  return each.length === 0 ? '' : `, ${each.join(', ')} of the first tier`;
}

const WORDS: Readonly<Record<ProofLevel, string>> = { PROBED: 'probe', EXERCISED: 'exercise', LOAD: 'load' };
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** One thing to do, the first that helps. */
function todoOf({ route, required, state, ready, exercised, load, reports }: Edge): string | undefined {
  const drill = `midwatch fallback drill ${route}`;
  const first = reports[0];
  if (state === 'BROKEN') return `Mend it, then \`${drill}\`; it is asked last until it is proven again.`;
  if (required !== undefined && !ready) {
    if (required === 'PROBED') return `Run \`${drill}\`.`;
    if (exercised.state !== 'PROVEN' && exercised.needed > 0)
      return exercised.share === 0
        ? `Give it traffic: set routes.${route}.exercise.share, 0.01 for instance. \`${drill}\` shows at once what is plainly wrong.`
        : `${exercised.needed} good exercises are missing; they come by themselves. \`${drill}\` shows at once what is plainly wrong.`;
    if (exercised.state === 'PROVEN' && load.state !== 'PROVEN')
      return `Run \`${drill} --load\` when it is quiet.`;
  }
  if (first?.kind === 'retired') return `Move routes.${route} to another model, then \`${drill}\`.`;
  if (first?.kind === 'cost')
    return `Take a cheaper model for it, or accept what it costs: routes.${route}.exercise.dear.`;
  if (first?.kind === 'coverage')
    return `Run \`${drill}\`, which asks so, or let such asks be exercised: routes.${route}.exercise.exclude and shadow.`;
  if (first) return `Mend it, then \`${drill}\`.`;
  return state === 'PROVEN' ? undefined : `Run \`${drill}\`.`;
}
