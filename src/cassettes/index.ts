export { type Cassettes, createCassettes } from './cassettes.ts';
export type { CheckedCassette, CheckOptions, CheckReport } from './check.ts';
export { nodeCassetteFiles } from './files.ts';
export { keepProofs, readKept } from './kept.ts';
export { proofsOf, roundOf } from './proofs.ts';
export { openRack, type Proposal, type Rack } from './rack.ts';
export { type RoundSettings, startRounds } from './rounds.ts';
export { type Drift, sayDrift } from './shape.ts';
export type {
  Acceptance,
  Bill,
  Cassette,
  CassetteFiles,
  CassettesOptions,
  Chunk,
  Difference,
  Ending,
  MatchOptions,
  Miss,
  Mode,
  NearMiss,
  Shelved,
  Take,
  WasteReport,
  WholeAnswer,
} from './types.ts';
export { summary } from './waste.ts';
