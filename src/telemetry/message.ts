/** What a thrown value says. Exceptions end here: inside this room they are reasons in a log line or in stats. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
