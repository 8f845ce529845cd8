import { loginSchema, type Me } from '#contracts';
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
    summary: 'Exchanges the admin token for a session cookie. For browsers; programs send the token itself.',
    body: loginSchema,
    answer: { schema: 'Me', says: 'Logged in; the cookie is HttpOnly and SameSite=Strict.' },
    async handle({ request, address, body }, { verify, sessions, audit }) {
      // Another site must not log a browser in to a Midwatch of its choosing.
      sameOrigin(request, 'if-browser');
      if (!(await verify(body.token.trim(), address)))
        throw unauthorized(
          'The admin token is not right.',
          'It starts with mwa_ and was printed by `midwatch up` at its first start.',
        );
      const me: Me = { role: 'admin', name: 'admin' };
      const value = await sessions.open(me);
      await audit({ who: me.name, what: 'login', detail: { address } });
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
        const found = await sessions.find(value);
        await sessions.end(value);
        if (found) await audit({ who: found.me.name, what: 'logout', detail: { address } });
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
