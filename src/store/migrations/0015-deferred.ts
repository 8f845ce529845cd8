/** Runs that can wait are put off to a calmer hour; others have none. */
export const sql = 'alter table runs add column begins_at float8';
