import type { Role, Store } from '#contracts';
import { listAudit, writeAudit } from './audit.ts';
import type { Database } from './connection.ts';
import { present } from './parts.ts';

export const adminStore = (database: Database): Store['admin'] => ({
  async tokenHash() {
    const [row] = await database.query<{ hash: string }>('select hash from admin_token');
    return row?.hash;
  },

  async setTokenHash(hash) {
    const rows = await database.query(
      'insert into admin_token (hash) values ($1) on conflict do nothing returning 1',
      [hash],
    );
    return rows.length > 0;
  },

  /** Ends every session: whoever replaces a token does so because the old one may be in wrong hands. */
  async replaceTokenHash(hash) {
    await database.transaction(async (tx) => {
      await tx.query(
        'insert into admin_token (hash) values ($1) on conflict (singleton) do update set hash = excluded.hash',
        [hash],
      );
      await tx.query('delete from sessions');
    });
  },

  async createSession({ hash, role, name, token, expiresAt }) {
    await database.query(
      `insert into sessions (hash, role, name, token, expires_at) values ($1, $2, $3, $4, $5)
       on conflict (hash) do update set expires_at = excluded.expires_at`,
      [hash, role, name, token ?? null, expiresAt],
    );
  },

  async session(hash, now) {
    const [row] = await database.query(
      `select s.role, s.name, s.token from sessions s left join tokens t on t.id = s.token
       where s.hash = $1 and s.expires_at > $2::float8
         and t.revoked_at is null and coalesce(t.expires_at, 'infinity') > $2`,
      [hash, now],
    );
    return (
      row && {
        role: row.role as Role,
        name: row.name as string,
        ...present({ token: row.token as string | null }),
      }
    );
  },

  async endSession(hash) {
    await database.query('delete from sessions where hash = $1', [hash]);
  },

  audit: (entry) => writeAudit(database, entry),
  audited: (filter, page) => listAudit(database, filter, page),
});
