import { type Me, StoreUnavailable } from '#contracts';
import type { TokenService } from '../tokens/service.ts';
import type { VerifyAdmin } from './admin.ts';

/** Who somebody is, and by which token; without one it is the admin token. */
export interface Person extends Me {
  readonly token?: string;
}

/** Who holds this token; undefined when nobody does. Throws a `Refusal` when the address has failed too often. */
export type Identify = (token: string, address: string) => Promise<Person | undefined>;

/**
 * Tokens with a role first: they cost one look-up, the admin token an argon2id. A token that is no secret of ours goes on to
 * the admin's verification, where failures are counted. Rejects with `StoreUnavailable` when the token is not the admin's
 * and nobody can say now whose it is: a program that is told «not right» does not come back.
 */
export const identifier =
  (verifyAdmin: VerifyAdmin, tokens: TokenService): Identify =>
  async (token, address) => {
    let away: StoreUnavailable | undefined;
    const found = SHAPE.test(token)
      ? await tokens.find(token).catch((error: unknown) => {
          if (!(error instanceof StoreUnavailable)) throw error;
          away = error;
        })
      : undefined;
    if (found) return { role: found.role, name: found.name, token: found.id };
    if (await verifyAdmin(token, address)) return ADMIN;
    if (away) throw away;
    return undefined;
  };

const SHAPE = /^mwa_[0-9A-Za-z]{43}$/;
/** The bearer of the admin token; no other token may have this name. */
export const ADMIN: Person = { role: 'admin', name: 'admin' };
