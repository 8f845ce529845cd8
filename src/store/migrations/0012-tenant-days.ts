/** Tier mix of tenants by the day: a quarter of fifty tenants by the hour is a million rows, and a page has 300 ms. */
export const sql = `
create table tiers_tenant_day (
  at        float8 not null,
  exchanges int8 not null,
  demoted   int8 not null,
  route     text not null,
  rest      bool not null,
  name      text not null,
  primary key (at, route, rest, name)
) with (fillfactor = 70);
insert into tiers_tenant_day
  select floor(at / 86400000) * 86400000, sum(exchanges), sum(demoted), route, rest, name
  from tiers_tenant_hour group by 1, route, rest, name;
`;
