export { type HealthSignal, healthOf as healthSignal } from '../../failures/index.ts';
