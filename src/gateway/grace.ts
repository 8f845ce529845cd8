/**
 * How long a stream that is all but over is waited for, ms, by what is still to come. `usage`: asked for, it comes behind the
 * reason for the end. `terminator`: nothing that matters; as long as a packet takes that is lost and sent again, on a machine that is busy. `close`: the
 * end of the connection, worth a moment so that it can be reused.
 */
export const GRACE = { usage: 2_000, terminator: 500, close: 250 } as const;
export type Awaited = keyof typeof GRACE;
