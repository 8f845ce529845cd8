/** Why an exchange was served by another tier than the intended one, and where a steerer put it. Absent for most. */
export const sql = `
alter table exchanges add column demotion_reason text, add column tier_cell text;
`;
