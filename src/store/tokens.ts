import type { Role, Store, TokenView } from '#contracts';
import type { Database, Row } from './connection.ts';
import { present } from './parts.ts';

export const tokenStore = (database: Database): Store['tokens'] => ({
  async all() {
    return (await database.query('select * from tokens order by created_at, id')).map(viewOf);
  },

  async find(hash) {
    const [row] = await database.query('select * from tokens where hash = $1', [hash]);
    return row && viewOf(row);
  },

  async create({ id, name, role, hash, hint, createdAt, expiresAt }) {
    const rows = await database.query(
      `insert into tokens (id, name, role, hash, hint, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (name) where revoked_at is null do nothing returning id`,
      [id, name, role, hash, hint, createdAt, expiresAt ?? null],
    );
    return rows.length > 0;
  },

  async revoke(id, at) {
    const [row] = await database.query(
      'update tokens set revoked_at = coalesce(revoked_at, $2) where id = $1 returning *',
      [id, at],
    );
    return row && viewOf(row);
  },
});

const viewOf = (row: Row): TokenView => ({
  id: row.id as string,
  name: row.name as string,
  role: row.role as Role,
  hint: row.hint as string,
  createdAt: row.created_at as number,
  ...present({
    expiresAt: row.expires_at as number | null,
    revokedAt: row.revoked_at as number | null,
  }),
});
