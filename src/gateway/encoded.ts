/**
 * A name as part of a key. Models of catch-all routes are named by callers, and half a surrogate pair, which JSON may hold, makes
 * `encodeURIComponent` throw: at the end of a stream that would leave its caller waiting for ever.
 */
export const encoded = (name: string): string => encodeURIComponent(name.toWellFormed());
