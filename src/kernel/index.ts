export * from './clock/index.ts';
export * from './collections/index.ts';
export * from './failures/index.ts';
export * from './hash/index.ts';
export * from './id/index.ts';
export * from './json/index.ts';
export * from './session/index.ts';
export * from './text/index.ts';
