/** What was decided about routes and is to be heeded by every gateway: few rows, read by their ids. */
export const sql = `
create table acts (
  id  int8 generated always as identity primary key,
  at  float8 not null,
  act text not null
);
`;
