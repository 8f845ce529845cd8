import type { CassetteProof, CassetteRound, CassetteStore, CassetteVerdict } from '#contracts';
import { plainArray, textArray } from './arrays.ts';
import type { Database, Row } from './connection.ts';
import { present } from './parts.ts';

export const cassetteStore = (database: Database): CassetteStore => ({
  async claim(folder, by, at, { every, hold }) {
    // `tries` doubles the hold; past thirty the figure means nothing any more.
    const rows = await database.query(
      `insert into cassette_rounds as r (folder, worker, tries, held_until) values ($1, $2, 1, $3::float8 + $5::float8)
       on conflict (folder) do update set worker = $2, tries = r.tries + 1,
         held_until = $3::float8 + least($4::float8, $5::float8 * power(2, least(r.tries, 30)))
       where r.held_until <= $3::float8 and (r.learnt_at is null or r.learnt_at + $4::float8 <= $3::float8)
       returning folder`,
      [folder, by, at, every, hold],
    );
    return rows.length > 0;
  },

  async hold(folder, by, until) {
    const rows = await database.query(
      `update cassette_rounds set held_until = greatest(held_until, $3::float8) where folder = $1 and worker = $2 and tries > 0
       returning folder`,
      [folder, by, until],
    );
    return rows.length > 0;
  },

  finish: (folder, by, { round, proofs, keys, again }) =>
    database.transaction(async (tx) => {
      const rows = await tx.query(
        `update cassette_rounds set tries = 0, round = $3::text::json, held_until = $4::float8,
           learnt_at = case when $5 then $6::float8 else learnt_at end
         where folder = $1 and worker = $2 and tries > 0 returning folder`,
        [folder, by, JSON.stringify(round), again ?? round.at, again === undefined, round.at],
      );
      if (rows.length === 0) return false;
      await tx.query('delete from cassette_proofs where folder = $1 and not key = any($2::text[])', [
        folder,
        textArray(keys),
      ]);
      await tx.query(
        `insert into cassette_proofs (folder, key, path, model, at, verdict, distance, says)
         select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::float8[], $6::text[], $7::float8[], $8::text[])
         on conflict (folder, key) do update set path = excluded.path, model = excluded.model, at = excluded.at,
           verdict = excluded.verdict, distance = excluded.distance, says = excluded.says`,
        [
          folder,
          textArray(proofs.map(({ key }) => key)),
          textArray(proofs.map(({ path }) => clean(path))),
          textArray(proofs.map(({ model }) => (model === undefined ? null : clean(model)))),
          plainArray(proofs.map(({ at }) => at)),
          textArray(proofs.map(({ verdict }) => verdict)),
          plainArray(proofs.map(({ distance }) => distance ?? 'NULL')),
          textArray(proofs.map(({ says }) => (says === undefined ? null : clean(says)))),
        ],
      );
      return true;
    }),

  async read(folder, limit) {
    const [row] = await database.query('select * from cassette_rounds where folder = $1', [folder]);
    if (!row) return undefined;
    const proofs = await database.query(
      `select * from cassette_proofs where folder = $1
       order by distance desc nulls last, at desc, key limit ${Math.floor(limit)}`,
      [folder],
    );
    return {
      heldUntil: row.held_until as number,
      proofs: proofs.map(proofOf),
      ...present({
        learntAt: row.learnt_at as number | null,
        round: row.round as CassetteRound | null,
      }),
    };
  },
});

/** Postgres keeps no NUL in a text. */
const clean = (text: string): string => text.replaceAll('\0', '\ufffd').toWellFormed();

const proofOf = (row: Row): CassetteProof => ({
  key: row.key as string,
  path: row.path as string,
  at: row.at as number,
  verdict: row.verdict as CassetteVerdict,
  ...present({
    model: row.model as string | null,
    distance: row.distance as number | null,
    says: row.says as string | null,
  }),
});
