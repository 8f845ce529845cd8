/**
 * Tier mix by the hour: of each route together, and apart by tenant. Empty texts stand for what is absent: `demoted_by` where
 * the intended tier served, `name` for tenants that gave none.
 * Users by the day are a fair sample: of each route those with the lowest hashes, so that the same users are in it every day.
 */
export const sql = `
create table tiers_hour (
  at         float8 not null,
  exchanges  int8 not null,
  route      text not null,
  tier       text not null,
  demoted_by text not null,
  reason     text not null,
  primary key (at, route, tier, demoted_by, reason)
) with (fillfactor = 70);
create table tiers_tenant_hour (
  at        float8 not null,
  exchanges int8 not null,
  demoted   int8 not null,
  route     text not null,
  rest      bool not null,
  name      text not null,
  primary key (at, route, rest, name)
) with (fillfactor = 70);
create table tiers_user_day (
  at        float8 not null,
  hash      int8 not null,
  exchanges int4 not null,
  demoted   int4 not null,
  route     text not null,
  primary key (route, at, hash)
) with (fillfactor = 70);
`;
