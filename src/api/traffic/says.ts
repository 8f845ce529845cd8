import type { ProviderView } from '#contracts';
import { coarse, percent, times } from '#contracts/say';

type Standing = Omit<ProviderView, 'says' | 'lastHour' | 'slow'>;

/** Why a target stands as it does, in one sentence that a person can act on. */
export function says(target: Standing, now: number, last?: ProviderView['lastHour']): string {
  const { status, closedFor, keyRefused } = target;
  if (keyRefused)
    return `The provider refuses our key: check apiKey of ${target.provider}. Looked at again in ${seconds(closedFor)}.`;
  if (status === 'unknown') return 'Nothing was asked of it yet, so nothing is known.';
  if (status === 'down') return down(target, now);
  const parked = closedFor > 0 ? `It asked for a pause and is left alone for ${seconds(closedFor)}.` : '';
  if (status === 'healthy')
    return (
      parked ||
      (target.circuit === 'ramp'
        ? `It is back and takes ${percent(target.share)} of its traffic, growing.`
        : unproven(last) || 'Answers come as they normally do.')
    );
  const kept = target.share < 1 ? `, so it keeps ${percent(target.share)} of its traffic` : '';
  return [`${trouble(target)}${kept}.`, parked].filter(Boolean).join(' ');
}

/** Five failures in a row are called down, and the attempts are of all its endpoints: whoever has more and stands failed otherwise. */
const FEW = 16;

/** Too little for an alarm is no reason to say that all is well. */
function unproven(last: ProviderView['lastHour']): string {
  if (!last || last.attempts === 0 || last.good.count > 0) return '';
  const none =
    last.attempts === 1
      ? 'Its one attempt in the last hour did not end well'
      : `None of its ${last.attempts} attempts in the last hour ended well`;
  return last.attempts <= FEW
    ? `${none}; that is too few to call it down.`
    : `${none}, but they ended in limits, refusals, wrong asks or callers who left: it answers.`;
}

function down({ circuit, until }: Standing, now: number): string {
  if (circuit === 'probing') return 'It failed time and again; one call is looking whether it is back.';
  const wait = until === undefined ? 0 : until - now;
  return wait > 0
    ? `It failed time and again; the next look is in ${seconds(wait)}.`
    : 'It failed time and again; the next call looks whether it is back.';
}

function trouble({ status, bad, slowness, statistic, threshold }: Standing): string {
  const found = [
    bad >= 0.005 && `${percent(bad)} of its answers are bad lately`,
    slowness >= 1.1 && `it takes ${times(slowness)} as long as normal`,
  ].filter((one) => one !== false);
  const what = capital(found.join(', and ') || 'more answers were bad than is normal');
  return status === 'watch'
    ? `${what}: evidence ${statistic.toFixed(1)} of the ${threshold} that would be an alarm`
    : what;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const seconds = (ms: number): string => (ms < 1_000 ? 'a moment' : coarse(ms));
