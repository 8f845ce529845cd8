/** Runs, what happened in them, and who is to be told of their end. */
export const sql = `
create table runs (
  id              text primary key,
  -- Id of the key it belongs to; empty for a caller that needed none.
  key             text not null,
  idempotency_key text,
  fingerprint     text not null,
  endpoint        text not null,
  model           text not null,
  headers         json not null,
  metadata        json,
  resample_of     text,
  state           text not null,
  cancelling      bool not null default false,
  created_at      float8 not null,
  started_at      float8,
  finished_at     float8,
  -- How often it was taken up; the number is the ticket of whoever holds it.
  executions      int4 not null default 0,
  -- How many of them ended in a transport failure.
  failures        int4 not null default 0,
  worker          text,
  lease           float8 not null default 0,
  outcome         text,
  status          int4,
  exchange        text,
  trouble         text,
  webhook_url     text,
  webhook_secret  text,
  webhook_state   text,
  webhook_tries   int4 not null default 0,
  webhook_due     float8,
  ask             bytea not null,
  answer          bytea
);
create unique index runs_idempotency on runs (key, idempotency_key) where idempotency_key is not null;
create index runs_by_key on runs (key, id);
create index runs_open on runs (lease, id) where state in ('queued', 'running');
create index runs_untold on runs (webhook_due) where webhook_state = 'waiting' and webhook_due is not null;
create index runs_over on runs (finished_at) where finished_at is not null;

create table run_events (
  run  text not null references runs on delete cascade,
  seq  int4 not null,
  name text not null,
  data text not null,
  primary key (run, seq)
);
`;
