// A ramp by difficulty: pure logic over plain JSON state; time is an argument, chance is the hash of a session.
export * from './difficulty.ts';
export * from './field-test.ts';
export * from './plan.ts';
export * from './ramp.ts';
