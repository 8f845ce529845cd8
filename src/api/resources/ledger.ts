import type { BudgetReading, BudgetView, QuotaReading, QuotaView } from '#contracts';
import { PRESSURES } from '#contracts';
import { endpoint } from '../http/endpoint.ts';

export const ledgerEndpoints = [
  endpoint({
    method: 'GET',
    path: '/quotas',
    access: 'viewer',
    summary:
      'Limits of provider keys that were used since the start, the tightest first: pressure per axis, who waits, when a day runs out.',
    answer: { schema: 'QuotaView', list: true, says: 'The quotas.' },
    handle: (_, { services }): readonly QuotaView[] =>
      services
        .quotas()
        .map(quotaOf)
        .sort((a, b) => tightness(b) - tightness(a) || a.scope.localeCompare(b.scope)),
  }),
  endpoint({
    method: 'GET',
    path: '/budgets',
    access: 'viewer',
    summary:
      'Budgets and how much of them is settled, reserved and left, for each subject that spent, the fullest first.',
    answer: { schema: 'BudgetView', list: true, says: 'The accounts.' },
    handle: (_, { services }): readonly BudgetView[] =>
      services
        .budgets()
        .map(budgetOf)
        .sort(
          (a, b) =>
            fullness(b) - fullness(a) || a.budget.localeCompare(b.budget) || a.value.localeCompare(b.value),
        ),
  }),
];

const quotaOf = (reading: QuotaReading): QuotaView => {
  const [provider = '', credential = '', ...models] = reading.scope.split(' ');
  return { ...reading, provider, credential, models: models.join(' ') };
};
const tightness = ({ pressure, axes }: QuotaView) =>
  PRESSURES.indexOf(pressure) * 1_000 + Math.max(0, ...axes.map(({ share }) => share));

const budgetOf = (reading: BudgetReading): BudgetView => {
  const { settled, reserved, soft, hard } = reading;
  const used = settled + reserved;
  return {
    ...reading,
    ...(hard !== undefined && { left: Math.max(0, hard - used) }),
    // What is reserved refuses as surely as what is spent.
    state:
      hard !== undefined && used >= hard ? 'hard' : soft !== undefined && used >= soft ? 'soft' : 'within',
  };
};
const fullness = ({ settled, reserved, hard, soft }: BudgetView) =>
  (settled + reserved) / Math.max(1, hard ?? soft ?? 1);
