/**
 * Rollups, one row per time × route × target at three widths. `*`/`*` is everything together, so that a page without
 * a route reads one row per point. Sums are int8: they outgrow int4 within a day of heavy traffic.
 */
const columns = `
  at               float8 not null,
  route            text not null,
  target           text not null,
  exchanges        int8 not null,
  attempts         int8 not null,
  clean            int8 not null,
  unpriced         int8 not null,
  micro_usd        int8 not null,
  wasted_micro_usd int8 not null,
  complete         int8 not null,
  tool             int8 not null,
  length           int8 not null,
  stop             int8 not null,
  refusal          int8 not null,
  content_filter   int8 not null,
  context_overflow int8 not null,
  invalid          int8 not null,
  stalled          int8 not null,
  cut              int8 not null,
  error            int8 not null,
  cancelled        int8 not null,
  input            int8 not null,
  cache_read       int8 not null,
  cache_write      int8 not null,
  cache_write_long int8 not null,
  output           int8 not null,
  reasoning        int8 not null,
  audio_in         int8 not null,
  audio_out        int8 not null,
  image_in         int8 not null,
  image_out        int8 not null,
  total_ms         bytea not null,
  first_token_ms   bytea not null,
  overhead_ms      bytea not null,
  primary key (at, route, target)
`;

export const sql = `
create table rollups_minute (${columns}) partition by range (at);
create table rollups_hour (${columns}) with (fillfactor = 70);
create table rollups_day (${columns}) with (fillfactor = 70);

comment on column rollups_minute.total_ms is 'DDSketch, relative accuracy 1 %, in the encoding of the store.';
`;
