import type { EpochMs, ExchangeId, ReleaseId, RouteName } from './ids.ts';

/** The declared parts of a release. Values are short names or hashes; absent when the ask declares nothing. */
export const AXES = [
  'model',
  'prompt',
  'tools',
  'retrieval',
  'sampling',
  'schema',
  'harness',
  'policy',
] as const;
export type Axis = (typeof AXES)[number];
export type Axes = Readonly<Partial<Record<Axis, string>>>;

/** What the provider was seen to serve, beside what was declared. */
export interface Observed {
  readonly model?: string;
  readonly fingerprint?: string;
  readonly serviceTier?: string;
  readonly region?: string;
}
export const OBSERVED = ['model', 'fingerprint', 'serviceTier', 'region'] as const;

export interface Release {
  readonly id: ReleaseId;
  readonly axes: Axes;
  readonly firstSeen: EpochMs;
}

/** Written when an axis or an observed value first appears on a route, whether or not anybody deployed. */
export interface ChangeEvent {
  readonly at: EpochMs;
  readonly route: RouteName;
  /** `declared.prompt`, `observed.model`, … */
  readonly subject: string;
  readonly value: string;
  /** The value seen most recently before, absent for the first ever. */
  readonly before?: string;
  readonly exchange: ExchangeId;
}
