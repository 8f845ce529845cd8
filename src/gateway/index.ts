export type { ClimateReading, ClimateSnapshot } from './climate.ts';
export type { EdgeReading, ProofsSnapshot } from './fallbacks/proofs.ts';
export { createGateway, type Gateway, type GatewayPorts, type GatewayStats } from './gateway.ts';
export type { StandingNews } from './hearsay.ts';
export { speaks } from './plan.ts';
export { bill, dollars } from './record.ts';
export type { SeatsReading, SeatsSnapshot } from './seats.ts';
export type { StandingSnapshot, TargetReading } from './standing.ts';
export type { LedgerPorts } from './toll.ts';
