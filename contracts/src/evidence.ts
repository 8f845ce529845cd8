/**
 * What one gateway has seen of a route that it steers, or of its fallbacks, for those that serve it too and share a Redis: each
 * counts what all have seen. Of another plan than one's own it says nothing.
 */
export interface Evidence {
  readonly of: 'ramp' | 'router' | 'fallback';
  readonly route: string;
  /** Fingerprint of the ramp or the router as it was declared; of a fallback, its contract. */
  readonly plan: string;
  /** Plain data; known to whoever keeps these books, and to nobody else. */
  readonly word: unknown;
}

/** Where evidence is told to others; never fails and never keeps anybody waiting. Absent: there are none. */
export type TellEvidence = (evidence: Evidence) => void;
