// Ramps by difficulty: who takes the new path of a route, what became of it, and the way back.
export { createRamps, type Ramps, type RampsSnapshot, type RampVerb } from './ramps.ts';
