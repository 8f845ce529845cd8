export { createLag, type Lag, type LagStats, NO_LAG, type Still } from './lag.ts';
export { patiently } from './patience.ts';
export { seeded } from './seeded.ts';
export { type SteadyClock, steadyClock } from './steady.ts';
export { systemClock } from './system.ts';
export { type VirtualClock, virtualClock } from './virtual.ts';
