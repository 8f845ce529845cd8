export type { Fault } from './faults/define.ts';
export { FAULTS } from './faults/list.ts';
export type { Bill, BillLine, Ledger, Prices, Tally } from './ledger.ts';
export type { RecordedScript } from './recorded-script.ts';
export { createSimulator, type Simulator, type SimulatorOptions } from './simulator.ts';
export type { Listening } from './wire/listen.ts';
export { loadWorld, WorldError } from './world/load.ts';
export { EMPTY_WORLD, type World, worldSchema } from './world/schema.ts';
