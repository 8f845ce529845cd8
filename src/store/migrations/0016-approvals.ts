/** Runs that a person has to say yes to: until when, and what was said. */
export const sql = `
alter table runs
  add column approve_until float8,
  add column approve_why   text,
  add column decision      text,
  add column decided_by    text,
  add column decided_at    float8,
  add column decided_why   text,
  -- What was asked for, so that asking once more asks for it again.
  add column approve_within float8;
create index runs_awaiting on runs (approve_until) where state = 'awaiting_approval';
`;
