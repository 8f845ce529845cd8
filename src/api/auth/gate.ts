import type { Caller, Role } from '../http/endpoint.ts';
import { Refusal } from '../http/refusal.ts';
import { ADMIN_PREFIX } from './admin.ts';
import { readCookie, setCookie } from './cookie.ts';
import type { Identify } from './identify.ts';
import { sameOrigin } from './origin.ts';
import type { Sessions } from './sessions.ts';

const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };

const WHERE = '`midwatch up` printed it at its first start';

export interface Admitted {
  readonly caller: Caller;
  /** A cookie to send along, when the session's expiry has moved. */
  readonly cookie?: string;
}

/** Who calls, and whether they may: the header of a program before the cookie of a browser. Throws a `Refusal`. */
export function createGate(identify: Identify, sessions: Sessions) {
  const byToken = async (header: string, address: string): Promise<Admitted> => {
    const token = /^bearer +(\S+) *$/i.exec(header)?.[1];
    const person = token && (await identify(token, address));
    if (person) return { caller: { role: person.role, name: person.name, via: 'token' } };
    throw unauthorized(
      'The token is not right.',
      token?.startsWith('mw_')
        ? `That is a key of the data plane; the control plane takes a token (${ADMIN_PREFIX}…): ${WHERE}.`
        : `It may be expired or revoked. Send Authorization: Bearer ${ADMIN_PREFIX}… with the admin token (${WHERE}) or one made by \`midwatch tokens create\`.`,
    );
  };

  const byCookie = async (request: Request): Promise<Admitted> => {
    const value = readCookie(request);
    if (!value)
      throw unauthorized(
        'This needs a login.',
        `Log in to the console, or send Authorization: Bearer with a token: ${WHERE}.`,
      );
    const found = await sessions.find(value);
    if (!found) throw unauthorized('The login has ended.', 'Log in again with your token.');
    if (!isSafe(request.method)) sameOrigin(request, 'always');
    return {
      caller: { role: found.me.role, name: found.me.name, via: 'session' },
      ...(found.renewed && { cookie: setCookie(request, value) }),
    };
  };

  return async (request: Request, address: string, least: Role): Promise<Admitted> => {
    const header = request.headers.get('authorization');
    const admitted = header === null ? await byCookie(request) : await byToken(header, address);
    if (RANK[admitted.caller.role] < RANK[least])
      throw new Refusal(
        403,
        'forbidden',
        `This needs the role ${least}; ${admitted.caller.name} is ${admitted.caller.role}.`,
        `Ask an admin of this Midwatch to do it, or for a token with the role ${least}.`,
      );
    return admitted;
  };
}

const isSafe = (method: string): boolean => method === 'GET' || method === 'HEAD';

export const unauthorized = (message: string, hint: string): Refusal =>
  new Refusal(401, 'unauthorized', message, hint, { 'www-authenticate': 'Bearer realm="midwatch"' });
