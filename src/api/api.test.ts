import { afterAll, beforeAll, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ApiError, AuditPage } from '#contracts';
import { endpoints } from './resources/index.ts';
import { startApi, type TestApi } from './testing.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

const JSON_TYPE = { 'content-type': 'application/json' };
const call = (path: string, init: RequestInit = {}) => fetch(`${api.url}/api/v1${path}`, init);
const withToken = (path: string, { headers, ...init }: RequestInit = {}) =>
  call(path, { ...init, headers: { authorization: `Bearer ${api.token}`, ...(headers as object) } });
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  call(path, { method: 'POST', body: JSON.stringify(body), headers: { ...JSON_TYPE, ...headers } });
const errorOf = async (response: Response) => ((await response.json()) as ApiError).error;

async function login(): Promise<{ cookie: string; header: string }> {
  const response = await post('/login', { token: api.token });
  expect(response.status).toBe(200);
  const header = response.headers.get('set-cookie') ?? '';
  return { header, cookie: header.split(';')[0] as string };
}

test('a login gives a cookie that scripts, other sites and the data plane never see', async () => {
  const { header, cookie } = await login();
  expect(header).toMatch(
    /^midwatch_session=mws_[0-9A-Za-z]{43}; Max-Age=604800; Path=\/api\/v1; HttpOnly; SameSite=Strict$/,
  );
  expect(await (await call('/me', { headers: { cookie } })).json()).toEqual({ role: 'admin', name: 'admin' });
  const secure = await post('/login', { token: api.token }, { 'x-forwarded-proto': 'https' });
  expect(secure.headers.get('set-cookie')).toEndWith('; Secure');
});

test('a logout ends the session on the server and drops the cookie', async () => {
  const { cookie } = await login();
  const ended = await call('/logout', {
    method: 'POST',
    headers: { cookie, 'sec-fetch-site': 'same-origin' },
  });
  expect(ended.status).toBe(204);
  expect(ended.headers.get('set-cookie')).toContain('Max-Age=0');
  expect((await call('/me', { headers: { cookie } })).status).toBe(401);
  expect((await call('/logout', { method: 'POST' })).status).toBe(204);
});

test('a cookie changes things only for the console itself; a token needs no origin', async () => {
  const { cookie } = await login();
  const make = (headers: Record<string, string>) => post('/keys', { name: 'k' }, headers);
  for (const headers of [
    { cookie },
    { cookie, origin: 'http://evil.test' },
    { cookie, origin: 'null' },
    { cookie, 'sec-fetch-site': 'same-site' },
    { cookie, 'sec-fetch-site': 'cross-site', origin: api.url },
  ])
    expect((await errorOf(await make(headers as Record<string, string>))).code).toBe('cross_site');
  expect(await api.keys.list()).toEqual([]);
  expect((await make({ cookie, origin: api.url })).status).toBe(201);
  expect((await make({ cookie, 'sec-fetch-site': 'same-origin' })).status).toBe(201);
  expect((await make({ authorization: `Bearer ${api.token}` })).status).toBe(201);
  const foreign = await post('/login', { token: api.token }, { 'sec-fetch-site': 'cross-site' });
  expect(foreign.status).toBe(403);
  expect(
    (await call('/exchanges', { headers: { cookie, origin: 'http://evil.test' } })).headers.has(
      'access-control-allow-origin',
    ),
  ).toBe(false);
});

test('a wrong, a foreign and a data-plane token are told apart from none', async () => {
  const me = async (headers: Record<string, string>) => errorOf(await call('/me', { headers }));
  expect((await me({})).hint).toContain('midwatch up');
  expect((await me({ authorization: 'Bearer mw_abc' })).hint).toContain('data plane');
  expect((await me({ authorization: 'Basic abc' })).code).toBe('unauthorized');
  expect((await me({ cookie: 'midwatch_session=mws_made-up' })).message).toContain('ended');
});

test('every answer, good or bad, carries the security headers and no CORS', async () => {
  const answers = [
    await call('/status'),
    await call('/nope'),
    await call('/me'),
    await withToken('/keys', { method: 'DELETE' }),
    await withToken('/keys', { method: 'OPTIONS' }),
  ];
  for (const { headers } of answers) {
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  }
});

test('unknown paths, wrong methods, HEAD and OPTIONS', async () => {
  expect((await errorOf(await withToken('/nope'))).code).toBe('not_found');
  const wrong = await withToken('/keys', { method: 'DELETE' });
  expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST, OPTIONS']);
  const options = await call('/login', { method: 'OPTIONS' });
  expect([options.status, options.headers.get('allow')]).toEqual([204, 'POST, OPTIONS']);
  const head = await withToken('/exchanges', { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
  expect((await withToken('/live', { method: 'HEAD' })).headers.get('content-type')).toContain(
    'event-stream',
  );
});

test.each([
  ['/exchanges?limit=0', 'Parameter "limit"'],
  ['/exchanges?outcome=god', 'expected one of complete, tool'],
  ['/exchanges?slower=fast', 'Parameter "slower"'],
  ['/exchanges?rout=x', 'Unknown parameter "rout"'],
  ['/exchanges?route=a&route=b', 'given twice'],
  ['/exchanges?cursor=zzz', 'Parameter "cursor"'],
  ['/keys?x=1', 'Unknown parameter "x"'],
])('%s is refused by name', async (path, says) => {
  const response = await withToken(path);
  expect(response.status).toBe(400);
  expect((await errorOf(response)).message).toContain(says);
});

test('empty parameters are no parameters', async () => {
  expect((await withToken('/exchanges?route=&slower=&limit=')).status).toBe(200);
});

test.each([
  ['{"name":1}', 400, 'Field "name"'],
  ['{"name":"a","nam":"b"}', 400, 'Unknown field "nam"'],
  ['{"name":', 400, 'not valid JSON'],
  ['[]', 400, 'Body'],
  ['{"name":"a\\u0000"}', 400, 'U+0000'],
  [`{"name":"${'a'.repeat(70_000)}"}`, 413, 'larger than'],
])('body %#', async (body, status, says) => {
  const response = await withToken('/keys', { method: 'POST', body, headers: JSON_TYPE });
  expect(response.status).toBe(status);
  expect((await errorOf(response)).message).toContain(says);
});

test('a body of another type is refused', async () => {
  const response = await withToken('/keys', {
    method: 'POST',
    body: '{"name":"a"}',
    headers: { 'content-type': 'text/plain' },
  });
  expect(response.status).toBe(415);
});

test('every path asks for a login but three', async () => {
  for (const endpoint of endpoints) {
    const path = endpoint.path.replace(/:\w+/, 'x');
    const response = await call(path, {
      method: endpoint.method,
      headers: JSON_TYPE,
      ...(endpoint.method === 'POST' && { body: '{}' }),
    });
    expect(response.status === 401, `${endpoint.method} ${path}: ${response.status}`).toBe(
      endpoint.access !== 'open',
    );
    await response.body?.cancel();
  }
});

test('every change leaves an audit entry, and no entry holds a secret', async () => {
  const created = (await (
    await post('/keys', { name: 'audited' }, { authorization: `Bearer ${api.token}` })
  ).json()) as { id: string; key: string };
  await withToken(`/keys/${created.id}/revoke`, { method: 'POST' });
  const { rows } = (await (await withToken('/audit?actor=admin')).json()) as AuditPage;
  const about = (await (await withToken(`/audit?subject=${created.id}`)).json()) as AuditPage;
  expect(about.rows.map((entry) => entry.action)).toEqual(['key.revoke', 'key.create']);
  expect(rows.map((entry) => entry.action)).toContain('login');
  const text = JSON.stringify(rows);
  for (const secret of [created.key, api.token, 'mws_']) expect(text).not.toContain(secret);
});

test('ten failures a minute, then 429 with a time; a program that was let in goes on', async () => {
  expect((await withToken('/me')).status).toBe(200);
  const codes: number[] = [];
  let last = new Response();
  for (let i = 0; i < 12; i++) {
    last = await post('/login', { token: `mwa_${i}` });
    codes.push(last.status);
  }
  // The failures of the tests before count, too: it is one address.
  expect(codes.slice(0, codes.indexOf(429)).every((code) => code === 401)).toBe(true);
  expect(codes.at(-1)).toBe(429);
  expect(Number(last.headers.get('retry-after'))).toBeWithin(1, 61);
  expect((await withToken('/me')).status).toBe(200);
});

test('whatever is asked, the answer is an answer: never a 500, never a page of another kind', async () => {
  const path = fc.oneof(
    fc.webPath(),
    fc
      .tuple(fc.constantFrom(...endpoints.map((e) => e.path)), fc.string())
      .map(([p, s]) => p.replace(/:\w+/, encodeURIComponent(s))),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'),
      path,
      fc.webQueryParameters(),
      fc.string(),
      async (method, where, query, body) => {
        const response = await withToken(`${where.startsWith('/') ? where : `/${where}`}?${query}`, {
          method,
          headers: JSON_TYPE,
          ...(!['GET', 'HEAD'].includes(method) && { body }),
        });
        expect(response.status, `${method} ${where}?${query}`).toBeLessThan(500);
        if (response.status >= 400 && method !== 'HEAD') expect(await errorOf(response)).toBeDefined();
        else await response.body?.cancel();
      },
    ),
    { numRuns: 300, seed: 11 },
  );
  expect(api.lines.filter((line) => line.event === 'api.failed')).toEqual([]);
});

test.each([
  'route=%00',
  'from=1e308',
  'to=-1e308',
  'slower=1e300',
  'slower=1e-300',
  'slower=1e16',
  'attempts=9007199254740991',
  'dearer=0.5',
  'cursor=W10',
  'key=%F0%9F%98%80',
  'release=zz',
  'source=nobody',
])('a strange but well-formed filter shows nothing or something, %s', async (query) => {
  const response = await withToken(`/exchanges?${query}`);
  expect(response.status, await response.text()).toBeOneOf([200, 400]);
});

test.each([
  'from=0&to=4e12',
  'from=-1&to=0',
  'from=4e12',
  'from=0&to=1e308',
  'from=1e15&to=2e15',
  'route=%00',
])('a strange window, %s', async (query) => {
  const response = await withToken(`/watch?${query}`);
  expect(response.status, await response.text()).toBeOneOf([200, 400]);
});
