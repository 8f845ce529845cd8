import type { KeyRecord, Store } from '#contracts';
import { plainArray, textArray } from './arrays.ts';
import type { Database, Row } from './connection.ts';
import { present } from './parts.ts';

export const keyStore = (database: Database): Store['keys'] => ({
  async all() {
    const rows = await database.query('select * from keys order by created_at, id');
    return rows.map((row) => ({
      ...keyOf(row),
      ...present({ lastUsedAt: row.last_used_at as number | null }),
    }));
  },

  async create(key) {
    await database.query(
      `insert into keys (id, name, owner, hash, routes, tenant, hint, created_at, expires_at, revoked_at)
       values ($1, $2, $3, $4, $5::text[], $6, $7, $8, $9, $10)`,
      [
        key.id,
        key.name,
        key.owner ?? null,
        key.hash,
        key.routes ? textArray(key.routes) : null,
        key.tenant ?? null,
        key.hint,
        key.createdAt,
        key.expiresAt ?? null,
        key.revokedAt ?? null,
      ],
    );
  },

  /** False when there is no such key; one that is revoked stays revoked since the first time. */
  async revoke(id, at) {
    const rows = await database.query(
      'update keys set revoked_at = coalesce(revoked_at, $2) where id = $1 returning id',
      [id, at],
    );
    return rows.length > 0;
  },

  async version() {
    const [row] = await database.query<{ version: string }>('select version from keys_version');
    return Number(row?.version ?? 0);
  },

  async touched(lastUsed) {
    if (lastUsed.size === 0) return;
    const entries = [...lastUsed].sort(([a], [b]) => (a < b ? -1 : 1));
    await database.query(
      `update keys set last_used_at = greatest(keys.last_used_at, n.at)
       from unnest($1::text[], $2::float8[]) as n (id, at) where keys.id = n.id`,
      [textArray(entries.map(([id]) => id)), plainArray(entries.map(([, at]) => at))],
    );
  },
});

const keyOf = (row: Row): KeyRecord => ({
  id: row.id as string,
  name: row.name as string,
  hash: row.hash as string,
  createdAt: row.created_at as number,
  hint: row.hint as string,
  ...present({
    owner: row.owner as string | null,
    routes: row.routes as readonly string[] | null,
    tenant: row.tenant as string | null,
    expiresAt: row.expires_at as number | null,
    revokedAt: row.revoked_at as number | null,
  }),
});
