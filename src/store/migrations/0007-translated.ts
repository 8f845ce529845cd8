/** Which protocol an attempt was translated to, and what was lost on the way: JSON, absent for most. */
export const sql = `
alter table attempts add column translated text;
`;
