import {
  type Clock,
  type Store,
  StoreUnavailable,
  type TokenCreate,
  type TokenCreated,
  type TokenView,
} from '#contracts';
import { sha256 } from '#kernel';
import { ADMIN_PREFIX } from '../auth/admin.ts';
import { base62, secret } from '../auth/secret.ts';

/** A revocation by another process acts within this time. */
const TRUST_MS = 1_000;
const REMEMBERED = 1_000;

export interface TokenService {
  /**
   * The token, if it is one and still holds. Believed for a second, and on while the database is away: then nobody can
   * revoke it either. One never seen before then rejects with `StoreUnavailable`.
   */
  find(token: string): Promise<TokenView | undefined>;
  list(): Promise<readonly TokenView[]>;
  /** Undefined when a token that is not revoked has this name. */
  create(wanted: TokenCreate): Promise<TokenCreated | undefined>;
  /** Acts at once. Undefined when there is no such token. */
  revoke(id: string): Promise<TokenView | undefined>;
}

/**
 * Tokens beside the admin token. They are kept as SHA-256, like keys of the data plane: 256 random bits cannot be guessed,
 * so a slow hash would protect nothing and cost every program 64 MB and a tenth of a second.
 */
export function createTokenService({
  store,
  clock,
}: {
  readonly store: Store;
  readonly clock: Clock;
}): TokenService {
  const known = new Map<string, { readonly view: TokenView; readonly checkedAt: number }>();

  const holds = (view: TokenView): boolean =>
    view.revokedAt === undefined && !(view.expiresAt !== undefined && view.expiresAt <= clock.now());

  const remember = (hash: string, view: TokenView): void => {
    known.delete(hash);
    known.set(hash, { view, checkedAt: clock.monotonic() });
    if (known.size > REMEMBERED) known.delete(known.keys().next().value as string);
  };

  return {
    async find(token) {
      const hash = sha256(token);
      const entry = known.get(hash);
      if (entry && clock.monotonic() - entry.checkedAt < TRUST_MS)
        return holds(entry.view) ? entry.view : undefined;
      try {
        const view = await store.tokens.find(hash);
        if (view) remember(hash, view);
        else known.delete(hash);
        return view && holds(view) ? view : undefined;
      } catch (error) {
        if (!entry || !(error instanceof StoreUnavailable)) throw error;
        return holds(entry.view) ? entry.view : undefined;
      }
    },
    list: () => store.tokens.all(),
    async create(wanted) {
      const token = secret(clock, ADMIN_PREFIX);
      const view: TokenView = {
        ...wanted,
        id: `token_${base62(clock.randomBytes(9))}`,
        hint: `${token.slice(0, 8)}…`,
        createdAt: clock.now(),
      };
      return (await store.tokens.create({ ...view, hash: sha256(token) })) ? { ...view, token } : undefined;
    },
    async revoke(id) {
      const revoked = await store.tokens.revoke(id, clock.now());
      for (const [hash, { view }] of known) if (view.id === id) known.delete(hash);
      return revoked;
    },
  };
}
