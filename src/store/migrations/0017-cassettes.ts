/** Recorded questions that are asked again from time to time: who is at it, and what came of each. */
export const sql = `
create table cassette_rounds (
  folder     text primary key,
  worker     text not null,
  -- Rounds begun since the last that was finished.
  tries      int4 not null,
  held_until float8 not null,
  learnt_at  float8,
  round      json
);
create table cassette_proofs (
  folder   text not null,
  key      text not null,
  path     text not null,
  model    text,
  at       float8 not null,
  verdict  text not null,
  distance float8,
  says     text,
  primary key (folder, key)
);
`;
