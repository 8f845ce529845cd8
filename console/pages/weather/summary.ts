import type { ProviderView } from '@midwatch/contracts';
import { plural } from '@midwatch/contracts/say';

/** The sky in one sentence: what is wrong is counted, what is not known is not called well. */
export function summary(all: readonly ProviderView[]): { readonly says: string; readonly bad: boolean } {
  const lost = all.filter((one) => one.status === 'down' || one.keyRefused);
  const sick = all.filter(
    (one) => !lost.includes(one) && (one.status === 'brownout' || one.status === 'degraded'),
  );
  const known = all.filter((one) => one.status !== 'unknown' || one.keyRefused);
  const unknown = all.length - known.length;
  const rest = unknown === 0 ? '' : ` Of ${plural(unknown, 'target')} nothing is known yet.`;
  if (known.length === 0) return { says: 'Nothing is known yet: no target was asked.', bad: false };
  if (lost.length + sick.length === 0)
    return {
      says: `${known.length === 1 ? 'The one target asked' : `All ${plural(known.length, 'target')} asked`} can be relied on.${rest}`,
      bad: false,
    };
  const parts = [
    ...(lost.length > 0 ? [`${plural(lost.length, 'target')} out`] : []),
    ...(sick.length > 0 ? [`${plural(sick.length, 'target')} unwell`] : []),
  ];
  return { says: `${parts.join(', ')}, of ${known.length} asked.${rest}`, bad: true };
}
