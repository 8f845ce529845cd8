/** After a reason for the end only usage and terminator may follow; a provider that leaves the socket open is not waited for. */
export const GRACE_AFTER_FINISH = 2_000;
/** After the terminator nothing may follow but the end of the connection, worth a moment so that it can be reused. */
export const GRACE_AFTER_END = 250;
