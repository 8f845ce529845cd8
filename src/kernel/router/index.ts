// The honest ledger of a model router: pure logic over plain JSON state; time is an argument, chance comes from the caller.
export * from './assign.ts';
export * from './cost.ts';
export * from './escalation.ts';
export * from './regret.ts';
export * from './tasks.ts';
export * from './trust.ts';
