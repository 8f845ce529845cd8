/**
 * Money per time and name, in six ways of naming: every way sums to the bill. No sketches, so that counts are added in SQL.
 * `rest` holds everybody beyond those names that are counted apart; the empty name stands for those that gave none.
 */
export const sql = ['minute', 'hour']
  .map(
    (width) => `
create table spend_${width} (
  at                  float8 not null,
  attempts            int8 not null,
  micro_usd           int8 not null,
  estimated_micro_usd int8 not null,
  wasted_micro_usd    int8 not null,
  unpriced            int8 not null,
  tokens_in           int8 not null,
  tokens_out          int8 not null,
  naming              text not null,
  rest                bool not null,
  name                text not null,
  primary key (naming, at, rest, name)
) with (fillfactor = 70);
`,
  )
  .join('');
