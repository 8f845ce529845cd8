import { loginSchema, type Me, StoreUnavailable } from '#contracts';
import { dropCookie, readCookie, setCookie } from '../auth/cookie.ts';
import { unauthorized } from '../auth/gate.ts';
import { sameOrigin } from '../auth/origin.ts';
import { empty, json } from '../http/answer.ts';
import { endpoint } from '../http/endpoint.ts';

export const sessionEndpoints = [
  endpoint({
    method: 'POST',
    path: '/login',
    access: 'open',
    summary:
      'Exchanges a token for a session cookie with its role. For browsers; programs send the token itself.',
    body: loginSchema,
    answer: { schema: 'Me', says: 'Logged in; the cookie is HttpOnly and SameSite=Strict.' },
    async handle({ request, address, body }, { identify, sessions, audit }) {
      // Another site must not log a browser in to a Midwatch of its choosing.
      sameOrigin(request, 'if-browser');
      const person = await identify(body.token.trim(), address);
      if (!person)
        throw unauthorized(
          'The token is not right.',
          'The admin token starts with mwa_ and was printed by `midwatch up` at its first start; `midwatch tokens create` makes others.',
        );
      const value = await sessions.open(person);
      await audit({ actor: person.name, action: 'login', detail: { role: person.role, address } });
      const me: Me = { role: person.role, name: person.name };
      return json(me, 200, { 'set-cookie': setCookie(request, value) });
    },
  }),
  endpoint({
    method: 'POST',
    path: '/logout',
    access: 'open',
    summary: 'Ends the session of the cookie. Without one it does nothing.',
    answer: { status: 204, says: 'Logged out.' },
    async handle({ request, address }, { sessions, audit }) {
      const value = readCookie(request);
      if (value) {
        sameOrigin(request, 'always');
        const found = await sessions.find(value).catch((error: unknown) => {
          // Who it was matters to the audit alone; leaving must work with the database gone.
          if (!(error instanceof StoreUnavailable)) throw error;
        });
        await sessions.end(value);
        if (found) await audit({ actor: found.me.name, action: 'logout', detail: { address } });
      }
      return empty(204, { 'set-cookie': dropCookie(request) });
    },
  }),
  endpoint({
    method: 'GET',
    path: '/me',
    access: 'viewer',
    summary: 'Who is calling, and with which role.',
    answer: { schema: 'Me', says: 'The caller.' },
    handle: ({ caller }) => caller && ({ role: caller.role, name: caller.name } satisfies Me),
  }),
];
