/**
 * Rollups of one tenant, one feature, or both; empty stands for any. No days: a slice is looked at for hours or weeks, and
 * every width is one more row to write.
 */
export const sql = ['minute', 'hour']
  .map(
    (width) => `
create table slices_${width} (
  tenant  text not null,
  feature text not null,
  like rollups_hour,
  primary key (at, tenant, feature, route, target)
) with (fillfactor = 70);
`,
  )
  .join('');
