export { type Budgets, createBudgets } from './budget/budgets.ts';
export { createMemoryStore, type MemoryStore } from './store/memory.ts';
