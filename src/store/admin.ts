import type { Store } from '#contracts';
import { Cleaner } from './clean.ts';
import type { Database } from './connection.ts';

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

  async createSession({ hash, role, name, expiresAt }) {
    await database.query('insert into sessions (hash, role, name, expires_at) values ($1, $2, $3, $4)', [
      hash,
      role,
      name,
      expiresAt,
    ]);
  },

  async session(hash, now) {
    const [row] = await database.query<{ role: string; name: string }>(
      'select role, name from sessions where hash = $1 and expires_at > $2',
      [hash, now],
    );
    return row && { role: row.role, name: row.name };
  },

  async endSession(hash) {
    await database.query('delete from sessions where hash = $1', [hash]);
  },

  async audit({ at, who, what, subject, detail }) {
    const clean = new Cleaner();
    await database.query(
      'insert into audit (at, who, what, subject, detail) values ($1, $2, $3, $4, $5::text::json)',
      [at, clean.text(who), clean.text(what), clean.maybeText(subject) ?? null, clean.json(detail) ?? null],
    );
  },
});
