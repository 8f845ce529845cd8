/**
 * False-alarm budget divided over many monitors.
 *
 * Formula: for F false alarms a month over M monitors with n_j observations a month, c_j = n_j·M/F: an e-detector at threshold c_j alarms falsely at most n_j/c_j = F/M times a month.
 * Assumes: each monitor's guarantee ARL ≥ c, restarted after each alarm. Holds under any dependence between monitors.
 * Cost: O(M).
 * Lies when: volumes grow and nobody divides again: recompute when n_j has doubled.
 * Reference: Shin, Ramdas and Rinaldo 2023, theorem 2.4 (ARL ≥ c); the division is a union bound.
 */
import { checkLength, checkPositive } from '../check.ts';

export interface BudgetedMonitor {
  readonly id: string;
  readonly observationsPerMonth: number;
  /** Share of the budget relative to the others; 1 when absent. */
  readonly weight?: number;
}

export interface MonitorThreshold {
  readonly id: string;
  /** Threshold for an e-detector. */
  readonly c: number;
  readonly alarmsPerMonth: number;
}

/** One threshold per monitor whose false alarms together stay at or under `alarmsPerMonth`. */
export function divideAlarmBudget(
  alarmsPerMonth: number,
  monitors: readonly BudgetedMonitor[],
): readonly MonitorThreshold[] {
  checkPositive('alarmsPerMonth', alarmsPerMonth);
  checkLength('monitors', monitors);
  let total = 0;
  monitors.forEach(({ observationsPerMonth, weight = 1 }, j) => {
    checkPositive(`monitors[${j}].observationsPerMonth`, observationsPerMonth);
    checkPositive(`monitors[${j}].weight`, weight);
    total += weight;
  });
  return monitors.map(({ id, observationsPerMonth, weight = 1 }) => {
    const share = (alarmsPerMonth * weight) / total;
    return { id, c: observationsPerMonth / share, alarmsPerMonth: share };
  });
}
