/** Tokens with a role, a trail that can be paged through, and what the disk budget has cost. */
export const sql = `
create table tokens (
  id         text primary key,
  name       text not null,
  role       text not null,
  hash       text not null unique,
  hint       text not null,
  created_at float8 not null,
  expires_at float8,
  revoked_at float8
);
-- The audit names who did it by this name, so at any time it belongs to one.
create unique index tokens_name on tokens (name) where revoked_at is null;

alter table sessions add column token text references tokens;

alter table audit rename column who to actor;
alter table audit rename column what to action;
alter table audit add column id uuid not null default gen_random_uuid();
drop index audit_at;
create index audit_page on audit (at, id);

create table dropped (
  at        float8 not null,
  relation  text not null,
  day       int4 not null,
  bytes     int8 not null,
  exchanges int8
);
`;
