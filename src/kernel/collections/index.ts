export * from './linked-map.ts';
