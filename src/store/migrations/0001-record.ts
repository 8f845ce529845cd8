/**
 * The record: exchanges, attempts, their bodies, and what is derived from them while they are written.
 *
 * - Time is milliseconds since 1970 as float8: event time may carry fractions of a millisecond, and the number that
 *   was read is the number that is given back.
 * - Absent counts are null, not 0: a null costs one bit, and most counts of most exchanges are 0.
 * - Durations are float4: seven digits, half the bytes, and no duration too long for it.
 * - `json`, not `jsonb`: these small open shapes are shown, never searched; jsonb of the same object is twice the bytes.
 * - Text that names things stays text: the rows remain readable with any SQL client, bodies outweigh them by far, and a
 *   table of names would grow for ever with every name a stranger makes up.
 */
export const sql = `
create table exchanges (
  at               float8 not null,
  micro_usd        int8,
  total_ms         float4 not null,
  queued_ms        float4,
  overhead_ms      float4,
  first_byte_ms    float4,
  first_token_ms   float4,
  gap_p50          float4,
  gap_p99          float4,
  gap_max          float4,
  gap_count        int4,
  ask_bytes        int4,
  ask_turns        int4,
  ask_tools        int4,
  ask_images       int4,
  ask_audios       int4,
  ask_choices      int4,
  ask_max_output   int4,
  ask_stops        int4,
  ask_length       int4,
  input            int4,
  cache_read       int4,
  cache_write      int4,
  cache_write_long int4,
  output           int4,
  reasoning        int4,
  audio_in         int4,
  audio_out        int4,
  image_in         int4,
  image_out        int4,
  status           int2 not null,
  attempts         int2 not null,
  outcome          int2 not null,
  failure_kind     int2,
  kind             int2 not null,
  source           int2 not null,
  record           int2 not null,
  cost_state       int2 not null,
  usage_basis      int2 not null,
  stream           bool not null,
  structured       bool not null,
  id               uuid not null,
  release          uuid not null,
  ask_messages     uuid,
  ask_envelope     uuid,
  ask_tools_body   uuid,
  ask_schema_body  uuid,
  answer           uuid[],
  trace            uuid,
  parent           uuid,
  route            text not null,
  protocol         text not null,
  model            text not null,
  provider         text,
  target_model     text,
  observed_model   text,
  fingerprint      text,
  service_tier     text,
  region           text,
  key              text,
  tenant           text,
  end_user         text,
  feature          text,
  principal        text,
  thread           text,
  task             text,
  run              text,
  step             text,
  span             text,
  tier             text not null,
  tier_intended    text,
  demoted_by       text,
  price_version    text,
  failure          json,
  cost_parts       json,
  verdicts         json,
  primary key (at, id)
) partition by range (at);

comment on table exchanges is 'One row per exchange, immutable; a partition per day of event time.';

-- What is filtered by kind: one small index says for each 32 pages what cannot be in them. A tree for each of these
-- columns would cost more than the rows themselves and be written at random places.
create index exchanges_filter on exchanges using brin (
  at float8_minmax_ops,
  outcome int2_minmax_multi_ops,
  source int2_minmax_multi_ops,
  attempts int2_minmax_ops,
  total_ms float4_minmax_ops,
  micro_usd int8_minmax_ops,
  release uuid_bloom_ops (n_distinct_per_range = 300),
  route text_bloom_ops (n_distinct_per_range = 64),
  provider text_bloom_ops (n_distinct_per_range = 64),
  model text_bloom_ops (n_distinct_per_range = 64),
  target_model text_bloom_ops (n_distinct_per_range = 64),
  observed_model text_bloom_ops (n_distinct_per_range = 64),
  feature text_bloom_ops (n_distinct_per_range = 100)
) with (pages_per_range = 32);

-- What is looked up by name may have as many values as rows, where a filter of fixed size says nothing. Trees, but of
-- hashes: four bytes whatever the length of the name, and rows of one name share an entry.
create index exchanges_key on exchanges (hashtext(key)) where key is not null;
create index exchanges_tenant on exchanges (hashtext(tenant)) where tenant is not null;
create index exchanges_end_user on exchanges (hashtext(end_user)) where end_user is not null;
create index exchanges_task on exchanges (hashtext(task)) where task is not null;
create index exchanges_thread on exchanges (hashtext(thread)) where thread is not null;

create table attempts (
  at                  float8 not null,
  started_at          float8 not null,
  micro_usd           int8,
  total_ms            float4 not null,
  headers_ms          float4,
  first_byte_ms       float4,
  first_token_ms      float4,
  input               int4,
  cache_read          int4,
  cache_write         int4,
  cache_write_long    int4,
  output              int4,
  reasoning           int4,
  audio_in            int4,
  audio_out           int4,
  image_in            int4,
  image_out           int4,
  number              int2 not null,
  status              int2,
  outcome             int2 not null,
  failure_kind        int2,
  cause               int2 not null,
  cost_state          int2 not null,
  usage_basis         int2 not null,
  exchange            uuid not null,
  tier                text not null,
  provider            text not null,
  model               text not null,
  provider_request_id text,
  price_version       text,
  failure             json,
  cost_parts          json
) partition by range (at);

comment on table attempts is 'One row per attempt of an exchange; at is the time of the exchange, so both lie in the same day.';

-- Attempts are looked up through their exchange, whose time is as good as unique; its id would triple the index.
create index attempts_at on attempts (at);

create table bodies (
  day  int4 not null,
  hash uuid not null,
  body bytea not null,
  primary key (hash, day)
) partition by list (day);

-- Already compressed; trying again costs time and gains nothing.
alter table bodies alter column body set storage external;

comment on table bodies is 'Message bodies by content hash, once per day however often repeated; the first byte says how it is packed.';

create table links (
  day      int4 not null,
  chain    uuid not null,
  before   uuid,
  messages uuid[] not null,
  primary key (chain, day)
) partition by list (day);

comment on table links is 'The list of messages named chain is the list named before, then messages.';

create table releases (
  id         uuid primary key,
  axes       json not null,
  first_seen float8 not null,
  last_seen  float8 not null
);

create table changes (
  route     text not null,
  subject   text not null,
  value     text not null,
  at        float8 not null,
  before    text,
  exchange  uuid not null,
  last_seen float8 not null,
  primary key (route, subject, value)
);
create index changes_at on changes (at, exchange);
create index changes_recent on changes (route, subject, last_seen);

comment on table changes is 'A declared axis or observed value when it first appeared on a route. last_seen is exact to a day, and whenever values alternate.';

create table rejected (
  at       float8 not null,
  id       text not null,
  reason   text not null,
  exchange bytea not null
);
create index rejected_at on rejected (at);

comment on table rejected is 'Exchanges no table could take, whole, as zstd JSON, with the reason.';
`;
