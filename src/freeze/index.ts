export { frozenBy, markOf } from './refusals.ts';
export { createFreezes, type FreezeAsk, type FreezeService } from './service.ts';
