// What Prometheus is told: exchanges counted as they end, and how the house stands.
export { type House, readHouse } from './house.ts';
export { type Counted, Meter } from './meter.ts';
export { modelNames } from './names.ts';
export { exposition } from './text.ts';
