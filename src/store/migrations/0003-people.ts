/** Keys, the admin's token, sessions, and the trace of who changed what. */
export const sql = `
create table keys (
  id           text primary key,
  name         text not null,
  owner        text,
  hash         text not null unique,
  routes       text[],
  tenant       text,
  hint         text not null,
  created_at   float8 not null,
  expires_at   float8,
  revoked_at   float8,
  last_used_at float8
);

-- Counted by a trigger, so that nobody who changes a key can forget it, and a poll reads one row. Uses of a key do not
-- count: they would make every gateway fetch all keys again and again.
create table keys_version (singleton bool primary key default true check (singleton), version int8 not null);
insert into keys_version (version) values (0);
create function keys_changed() returns trigger language plpgsql as $$
begin
  update keys_version set version = version + 1;
  return null;
end $$;
create trigger keys_changed after insert or delete or update of name, owner, hash, routes, tenant, expires_at, revoked_at
  on keys for each statement execute function keys_changed();

create table admin_token (singleton bool primary key default true check (singleton), hash text not null);

create table sessions (
  hash       text primary key,
  role       text not null,
  name       text not null,
  expires_at float8 not null
);

create table audit (
  at      float8 not null,
  who     text not null,
  what    text not null,
  subject text,
  detail  json
);
create index audit_at on audit (at);
`;
