import { rmSync } from 'node:fs';
import { createAdminToken } from '#api';
import type { Clock, Log, Store } from '#contracts';
import { readIfThere, writeWhole } from './data-folder.ts';

/** In the audit: whoever may start the process on this machine needs no token to act. */
export const STARTER = 'midwatch up';

/** Hash of the admin token: from the database, with a copy in the data folder for the hour when the database is gone. */
export interface AdminHash {
  current(): string | undefined;
  /** Takes the database's word, or makes the first token; returns that token, which is shown once and kept nowhere. */
  settle(store: Store): Promise<string | undefined>;
  /** Makes a new token in place of a lost one. */
  replace(store: Store): Promise<string>;
  /** The token has been shown. Until then its hash lies in the data folder, and the next start makes another one. */
  told(): void;
}

export function createAdminHash(file: string, clock: Clock, log: Log): AdminHash {
  const untold = `${file}.untold`;
  let hash = readIfThere(file);
  // Where there was never a token one is hashed while the database is made: it takes a tenth of a second.
  const first = hash === undefined ? createAdminToken(clock) : undefined;
  const keep = (next: string) => {
    hash = next;
    try {
      writeWhole(file, next);
    } catch (error) {
      log('warn', 'admin snapshot not written', { error: String(error) });
    }
  };
  // Before the database has it: a process that ends between the two, refused or killed, would leave a token that nobody knows.
  const mark = (next: string) => {
    try {
      writeWhole(untold, next);
    } catch (error) {
      log('warn', 'admin mark not written', { error: String(error) });
    }
  };
  const told = () => rmSync(untold, { force: true });
  const trace = (store: Store, action: string) =>
    store.admin.audit({ at: clock.now(), actor: STARTER, action, subject: 'admin' });
  return {
    current: () => hash,
    async settle(store) {
      const known = await store.admin.tokenHash();
      if (known !== undefined) {
        if (known === readIfThere(untold)) return this.replace(store);
        told();
        if (known !== hash) keep(known);
        return undefined;
      }
      const { token, hash: fresh } = await (first ?? createAdminToken(clock));
      mark(fresh);
      const mine = await store.admin.setTokenHash(fresh);
      // Another instance on the same database was first: its token counts, and it has printed it.
      if (!mine) return this.settle(store);
      keep(fresh);
      await trace(store, 'token.create');
      return token;
    },
    async replace(store) {
      const { token, hash: fresh } = await createAdminToken(clock);
      mark(fresh);
      await store.admin.replaceTokenHash(fresh);
      keep(fresh);
      await trace(store, 'token.replace');
      return token;
    },
    told,
  };
}
