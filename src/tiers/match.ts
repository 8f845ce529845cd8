import type { DemotionConfig, SteerQuestion } from '#contracts';

export type Asker = Pick<SteerQuestion, 'who' | 'lane'>;

/** Each line of the condition must hold, by one of its values; without a line everybody is wanted. */
export function matcher(when: DemotionConfig['when']): (asker: Asker) => boolean {
  const { lane, key, tenant, user, feature } = when;
  const lines = [
    ...line(key, ({ who }) => who.key),
    ...line(tenant, ({ who }) => who.tenant),
    ...line(user, ({ who }) => who.user),
    ...line(feature, ({ who }) => who.feature),
    ...line(lane, (asker) => asker.lane),
  ];
  return (asker) => lines.every((holds) => holds(asker));
}

function line(
  values: readonly string[] | undefined,
  of: (asker: Asker) => string | undefined,
): readonly ((asker: Asker) => boolean)[] {
  if (values === undefined) return [];
  const exact = new Set(values.filter((value) => !value.includes('*')));
  const patterns = values
    .filter((value) => value.includes('*'))
    .map((value) => new RegExp(`^${value.split('*').map(literal).join('.*')}$`, 's'));
  return [
    (asker) => {
      const said = of(asker);
      return said !== undefined && (exact.has(said) || patterns.some((pattern) => pattern.test(said)));
    },
  ];
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
