import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '#contracts';
import { sha256 } from '#kernel';
import { Refusal } from '../http/refusal.ts';
import type { Limiter } from './limiter.ts';
import { secret } from './secret.ts';

export const ADMIN_PREFIX = 'mwa_';
const SHAPE = /^mwa_[0-9A-Za-z]{43}$/;
/** How long a verified token is believed without another argon2id; each use renews it. */
const BELIEVED = 5 * 60_000;

/** A new admin token and what is stored of it. The token is shown once and kept nowhere. */
export async function createAdminToken(
  clock: Clock,
): Promise<{ readonly token: string; readonly hash: string }> {
  const token = secret(clock, ADMIN_PREFIX);
  return { token, hash: await Bun.password.hash(token, 'argon2id') };
}

/** Resolves whether `token` is the admin token; throws a 429 `Refusal` when the address has failed too often. */
export type VerifyAdmin = (token: string, address: string) => Promise<boolean>;

/**
 * argon2id takes 50 to 100 ms and 64 MB by design, so a token once verified is remembered by its SHA-256 together with the
 * hash it was verified against: a replaced token stops working at once. Verifications run one after another; in parallel
 * they would let anybody who can open sockets take the machine's memory.
 */
export function adminVerifier(services: {
  readonly clock: Clock;
  readonly limiter: Limiter;
  adminHash(): string | undefined;
}): VerifyAdmin {
  const { clock, limiter } = services;
  let believed: { readonly digest: Buffer; readonly against: string; until: number } | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  const running = new Map<string, Promise<boolean>>();

  const known = (digest: Buffer, against: string): boolean => {
    if (believed?.against !== against || believed.until < clock.monotonic()) return false;
    if (!timingSafeEqual(believed.digest, digest)) return false;
    believed.until = clock.monotonic() + BELIEVED;
    return true;
  };

  const verify = async (token: string, against: string, digest: Buffer): Promise<boolean> => {
    const good = await Bun.password.verify(token, against, 'argon2id');
    if (good) believed = { digest, against, until: clock.monotonic() + BELIEVED };
    return good;
  };

  return async (token, address) => {
    const against = services.adminHash();
    if (!against)
      throw new Refusal(
        503,
        'not_ready',
        'No admin token is known yet.',
        'Midwatch is still starting; try again in a few seconds.',
        { 'retry-after': '2' },
      );
    const hex = sha256(token);
    const digest = Buffer.from(hex, 'hex');
    // Before the limiter, so that one program with an old token cannot lock out its neighbours on the same address.
    if (known(digest, against)) return true;
    // Fifty requests of one program at its start are one verification, and one failure if it is one.
    const job = hex + against;
    const underWay = running.get(job);
    if (underWay) return underWay;
    const wait = limiter.wait(address);
    if (wait > 0)
      throw new Refusal(
        429,
        'too_many_failures',
        'Too many failed logins from this address.',
        'Wait as long as Retry-After says, then use the admin token that `midwatch up` printed at its first start.',
        { 'retry-after': String(Math.ceil(wait / 1000)) },
      );
    const forgive = limiter.attempt(address);
    if (!SHAPE.test(token)) return false;
    const result = queue.then(() => verify(token, against, digest));
    running.set(job, result);
    const settled = () => {
      running.delete(job);
    };
    queue = result.then(settled, settled);
    if (!(await result)) return false;
    forgive();
    return true;
  };
}
