/**
 * Routes that are held as they are, the versions of each route's policy, and where the copies of exchanges are found. Counted by a
 * trigger, so that nobody who changes a freeze can forget it, and a poll reads one row.
 */
export const sql = `
create table freezes (
  at        float8 not null,
  route     text primary key,
  version   text not null,
  policy    text not null,
  providers text not null,
  frozen_by text not null,
  reason    text,
  seen      text not null
);
create table freezes_version (singleton bool primary key default true check (singleton), version int8 not null);
insert into freezes_version (version) values (0);
create function freezes_changed() returns trigger language plpgsql as $$
begin
  update freezes_version set version = version + 1;
  return null;
end $$;
create trigger freezes_changed after insert or delete or update on freezes
  for each statement execute function freezes_changed();

create table route_versions (
  first_used float8 not null,
  last_used  float8 not null,
  exchanges  int8 not null,
  good       int8 not null,
  route      text not null,
  version    text not null,
  policy     text not null,
  primary key (route, version)
);

create index exchanges_shadows on exchanges (at) where source = 8;
`;
