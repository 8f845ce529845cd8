import type { Attention, SpendRow } from '#contracts';
import { dollars, percent, plural } from '#contracts/say';

/** Estimates are right on average and wrong each time; past this share the sum is a guess as well. */
const MOST_ESTIMATED = 0.05;
/** Fewer attempts than this are an anecdote. */
const SOME = 5;

/** Routes whose bill is not known but guessed. */
export const spendAttention = (spend: readonly SpendRow[]): Attention[] =>
  spend
    .filter(
      ({ name, attempts, microUsd, estimatedMicroUsd }) =>
        name !== undefined && attempts >= SOME && estimatedMicroUsd > microUsd * MOST_ESTIMATED,
    )
    .map(({ name, attempts, microUsd, estimatedMicroUsd }) => ({
      level: 'warn',
      what: `${name}: ${percent(estimatedMicroUsd / microUsd)} of the cost is estimated`,
      why: `${dollars(estimatedMicroUsd)} of ${dollars(microUsd)} (${plural(attempts, 'attempt')} in the last hour) is counted from the bytes that went by, because the provider reported no usage.`,
      todo: `Set routes.${name}.usage to ask, so that chat streams ask for it. Where it is set, callers leave early or hedges lose: look at the spend by cause.`,
      link: '/spend',
    }));
