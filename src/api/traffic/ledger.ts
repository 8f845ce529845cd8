import type { BudgetReading, BudgetView, QuotaReading, QuotaView } from '#contracts';
import { PRESSURES } from '#contracts';

/** The tightest first. */
export const quotaViews = (readings: readonly QuotaReading[]): readonly QuotaView[] =>
  readings.map(quotaOf).sort((a, b) => tightness(b) - tightness(a) || a.scope.localeCompare(b.scope));

/** The fullest first. */
export const budgetViews = (readings: readonly BudgetReading[]): readonly BudgetView[] =>
  readings
    .map(budgetOf)
    .sort(
      (a, b) =>
        fullness(b) - fullness(a) || a.budget.localeCompare(b.budget) || a.value.localeCompare(b.value),
    );

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
