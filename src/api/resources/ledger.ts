import { endpoint } from '../http/endpoint.ts';
import { budgetViews, quotaViews } from '../traffic/ledger.ts';

export const ledgerEndpoints = [
  endpoint({
    method: 'GET',
    path: '/quotas',
    access: 'viewer',
    summary:
      'Limits of provider keys that were used since the start, the tightest first: pressure per axis, who waits, when a day runs out.',
    answer: { schema: 'QuotaView', list: true, says: 'The quotas.' },
    handle: (_, { services }) => quotaViews(services.quotas()),
  }),
  endpoint({
    method: 'GET',
    path: '/budgets',
    access: 'viewer',
    summary:
      'Budgets and how much of them is settled, reserved and left, for each subject that spent, the fullest first.',
    answer: { schema: 'BudgetView', list: true, says: 'The accounts.' },
    handle: (_, { services }) => budgetViews(services.budgets()),
  }),
];
