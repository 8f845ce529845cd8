import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type AuditPage, ROLES, type Role, type TokenCreated } from '#contracts';
import { createMidwatch } from '#sdk';
import { endpoints } from './resources/index.ts';
import { facts, record, startApi, type TestApi } from './testing.ts';

/** Each role against each resource, by token and by login. */

let api: TestApi;
let admin: ReturnType<typeof createMidwatch>;
const tokens = {} as Record<Role, TokenCreated>;
const one = facts();
beforeAll(async () => {
  api = await startApi();
  admin = createMidwatch({ baseUrl: api.url, token: api.token });
  for (const role of ROLES) tokens[role] = await admin.tokens.create({ name: `${role}-token`, role });
  await record(api.store, one, { model: 'support', messages: [{ role: 'user', content: 'Well?' }] }, [
    { role: 'assistant', content: 'Yes.' },
  ]);
});
afterAll(() => api.stop());

const JSON_TYPE = { 'content-type': 'application/json' };
const call = (path: string, init: RequestInit) => fetch(`${api.url}/api/v1${path}`, init);
const as = (token: string) => createMidwatch({ baseUrl: api.url, token });

/** What each role may do, written out: the table in the code is what is on trial. */
const MAY_CHANGE: Readonly<Record<string, readonly Role[]>> = {
  'POST /demotions/:route/:id/approve': ['operator', 'admin'],
  'POST /demotions/:route/:id/end': ['operator', 'admin'],
  'POST /fallbacks/drill': ['operator', 'admin'],
  'POST /keys': ['admin'],
  'POST /keys/:id/revoke': ['operator', 'admin'],
  'POST /ramps/:route/advance': ['operator', 'admin'],
  'POST /ramps/:route/decide': ['operator', 'admin'],
  'POST /ramps/:route/judge': ['operator', 'admin'],
  'POST /ramps/:route/reset': ['operator', 'admin'],
  'POST /ramps/:route/rollback': ['operator', 'admin'],
  'POST /reload': ['operator', 'admin'],
  'POST /routes/:name/freeze': ['operator', 'admin'],
  'POST /routes/:name/thaw': ['operator', 'admin'],
  'POST /runs/:id/approve': ['operator', 'admin'],
  'POST /runs/:id/refuse': ['operator', 'admin'],
  'POST /runs/:id/cancel': ['operator', 'admin'],
  'POST /runs/:id/resample': ['operator', 'admin'],
  'POST /tokens': ['admin'],
  'POST /tokens/:id/revoke': ['admin'],
};
const OPEN = ['GET /status', 'POST /login', 'POST /logout', 'GET /openapi.json'];

for (const role of ROLES)
  for (const { method, path } of endpoints.filter((e) => !OPEN.includes(`${e.method} ${e.path}`))) {
    const may = method === 'GET' || (MAY_CHANGE[`${method} ${path}`] ?? []).includes(role);
    test(`${role} ${may ? 'may' : 'may not'} ${method} ${path}`, async () => {
      const where = path.startsWith('/exchanges/')
        ? path.replace(':id', one.id)
        : path.replace(/:\w+/, 'nobody');
      const response = await call(where, {
        method,
        headers: { authorization: `Bearer ${tokens[role].token}`, ...JSON_TYPE },
        ...(method === 'POST' && { body: '{}' }),
      });
      // An admitted call may still be wrong (no such key, no name in the body); it is never forbidden.
      if (may) expect(response.status).toBeOneOf([200, 201, 400, 404]);
      else {
        expect(response.status).toBe(403);
        expect(await response.clone().text()).toContain(role);
      }
      await response.body?.cancel();
    });
  }

test('every change has its line in the table above', () => {
  const changes = endpoints.filter((e) => e.method === 'POST').map((e) => `${e.method} ${e.path}`);
  expect(changes.filter((name) => !OPEN.includes(name)).sort()).toEqual(Object.keys(MAY_CHANGE).sort());
});

test('a login has the role of its token, and the audit its name', async () => {
  const login = await call('/login', {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify({ token: tokens.operator.token }),
  });
  expect(await login.json()).toEqual({ role: 'operator', name: 'operator-token' });
  const cookie = (login.headers.get('set-cookie') ?? '').split(';')[0] as string;
  const key = await admin.keys.create({ name: 'spare' });
  const change = (path: string, body: unknown) =>
    call(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { ...JSON_TYPE, cookie, origin: api.url },
    });
  expect((await change(`/keys/${key.id}/revoke`, {})).status).toBe(200);
  expect((await change('/keys', { name: 'mine' })).status).toBe(403);
  const { rows } = await as(tokens.viewer.token).audit({ actor: 'operator-token' });
  expect(rows.map(({ action, subject }) => [action, subject])).toEqual([
    ['key.revoke', key.id],
    ['login', undefined],
    // Of the table above.
    ['reload', undefined],
  ]);
});

test('what is stored and listed of a token is not the token', async () => {
  const listed = await as(tokens.viewer.token).tokens.list();
  expect(listed.map(({ name, role }) => [name, role])).toEqual(ROLES.map((role) => [`${role}-token`, role]));
  const { rows } = await admin.audit({ action: 'token.create' });
  const stored = await api.store.tokens.all();
  for (const { token } of Object.values(tokens))
    expect(JSON.stringify([listed, rows, stored])).not.toContain(token);
});

test('a name belongs to one living token, and to none that could pass for the admin', async () => {
  for (const name of ['viewer-token', 'admin'])
    await expect(admin.tokens.create({ name, role: 'viewer' })).rejects.toMatchObject({
      status: 409,
      code: 'name_taken',
    });
  await expect(admin.tokens.create({ name: 'late', role: 'viewer', expiresAt: 1 })).rejects.toMatchObject({
    status: 400,
  });
  await expect(admin.tokens.create({ name: 'x', role: 'captain' as Role })).rejects.toMatchObject({
    status: 400,
  });
});

test('revoking a token ends it and its logins at once; expiry does, too', async () => {
  const gone = await admin.tokens.create({ name: 'gone', role: 'admin' });
  const login = await call('/login', {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify({ token: gone.token }),
  });
  const cookie = (login.headers.get('set-cookie') ?? '').split(';')[0] as string;
  expect((await call('/me', { headers: { cookie } })).status).toBe(200);
  expect(await as(gone.token).me()).toEqual({ role: 'admin', name: 'gone' });
  expect((await admin.tokens.revoke(gone.id)).revokedAt).toBeGreaterThan(0);
  expect((await call('/me', { headers: { cookie } })).status).toBe(401);
  await expect(as(gone.token).me()).rejects.toMatchObject({ status: 401 });
  await expect(admin.tokens.revoke('token_nobody')).rejects.toMatchObject({ status: 404 });

  const short = await admin.tokens.create({ name: 'short', role: 'viewer', expiresAt: Date.now() + 1_500 });
  expect((await as(short.token).me()).name).toBe('short');
  await Bun.sleep(Math.max(0, (short.expiresAt ?? 0) - Date.now()) + 5);
  await expect(as(short.token).me()).rejects.toMatchObject({ status: 401 });
});

test('with the database gone a token that was seen goes on, and of a stranger nobody can say', async () => {
  expect((await as(tokens.viewer.token).me()).role).toBe('viewer');
  api.wire.cut();
  await Bun.sleep(1_100);
  expect((await as(tokens.viewer.token).me()).role).toBe('viewer');
  await expect(as(`mwa_${'x'.repeat(43)}`).me()).rejects.toMatchObject({ status: 503 });
  api.wire.mend();
});

test('the audit is read page by page and refuses a foreign cursor', async () => {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page: AuditPage = await admin.audit({ limit: 3, ...(cursor !== undefined && { cursor }) });
    seen.push(...page.rows.map((row) => `${row.at} ${row.action} ${row.subject}`));
    cursor = page.next;
  } while (cursor !== undefined);
  expect(seen).toEqual(
    (await admin.audit({ limit: 500 })).rows.map((row) => `${row.at} ${row.action} ${row.subject}`),
  );
  expect(seen.length).toBeGreaterThan(5);
  await expect(admin.audit({ cursor: 'zzz' })).rejects.toMatchObject({ status: 400 });
});
