export type { Budgets } from './budget/budgets.ts';
export { createLedger, type Ledger, type LedgerSettings } from './ledger.ts';
export { pattern } from './pattern.ts';
export { type AnswerEstimate, answerEstimate } from './quota/answers.ts';
export type { QuotaKey, Quotas, QuotaTable } from './quota/quotas.ts';
export { createRedisAuthority } from './redis/authority.ts';
export {
  type QuotaForecast,
  type SimulatedCall,
  type SimulatedFate,
  simulateQuotas,
} from './simulate.ts';
export { createMemoryAuthority } from './store/memory-authority.ts';
