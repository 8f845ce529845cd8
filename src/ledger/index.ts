export { type Budgets, createBudgets } from './budget/budgets.ts';
export { type OutputEstimate, outputEstimate } from './quota/output.ts';
export { createQuotas, type QuotaKey, type Quotas, type QuotaTable } from './quota/quotas.ts';
export { createMemoryStore, type MemoryStore } from './store/memory.ts';
