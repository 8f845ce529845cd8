export { createGateway, type Gateway, type GatewayPorts, type GatewayStats } from './gateway.ts';
export { speaks } from './plan.ts';
export { bill, dollars } from './record.ts';
