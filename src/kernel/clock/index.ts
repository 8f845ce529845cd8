export { patiently } from './patience.ts';
export { seeded } from './seeded.ts';
export { systemClock } from './system.ts';
export { type VirtualClock, virtualClock } from './virtual.ts';
