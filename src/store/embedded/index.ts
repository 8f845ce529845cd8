export { binariesFromArchive, packBinaries } from './archive.ts';
export { EmbeddedPostgresError, type EmbeddedPostgresErrorKind } from './errors.ts';
export { type EmbeddedOptions, type EmbeddedPostgres, startEmbedded } from './start.ts';
export type { UnexpectedExit } from './supervise.ts';
