/** Branded strings: an exchange id cannot be passed where a release id is meant. */
type Brand<Name extends string> = string & { readonly __brand: Name };

/** UUIDv7, lower case; its first 48 bits are the event time, so the id alone names the day partition. */
export type ExchangeId = Brand<'ExchangeId'>;
/** First 32 hex digits of the SHA-256 over the canonical JSON of the declared axes. */
export type ReleaseId = Brand<'ReleaseId'>;
/** First 32 hex digits of a SHA-256: names one stored body. 128 bits keep an accidental collision below 1e-18 for 1e10 bodies. */
export type BodyHash = Brand<'BodyHash'>;
/**
 * Names a list of messages by hashing (hash of the list before, hash of the last message). The thirtieth turn of a
 * conversation adds one link instead of thirty references.
 */
export type ChainHash = Brand<'ChainHash'>;
/** Milliseconds since 1970-01-01 UTC. */
export type EpochMs = number;
/** Milliseconds on a clock that only moves forward; meaningful only as a difference. */
export type MonotonicMs = number;
export type RouteName = string;
/** A millionth of a US dollar, whole. */
export type MicroUsd = number;
