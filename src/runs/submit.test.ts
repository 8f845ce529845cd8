import { expect, test } from 'bun:test';
import type { Protocol } from '#contracts';
import { keptHeaders, readSubmission } from './submit.ts';

const chat = {
  readAsk: (body: Uint8Array) => {
    const { model } = JSON.parse(new TextDecoder().decode(body)) as { model?: string };
    return model
      ? { ok: true, value: { facets: { model } } }
      : { ok: false, error: { param: 'model', hint: 'model: name one.' } };
  },
} as unknown as Protocol;
const read = (value: unknown, hosts = ['*']) =>
  readSubmission(
    new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)),
    new Map([['/v1/chat/completions', chat]]),
    hosts,
  );
const run = (more: object = {}) => ({ endpoint: '/v1/chat/completions', body: { model: 'm' }, ...more });
const refused = (value: unknown, hosts?: string[]) => {
  const result = read(value, hosts);
  return result.ok ? 'accepted' : result.error.param;
};

test('the question is kept byte for byte', () => {
  const text =
    '{"endpoint":"/v1/chat/completions", "body": {"model" : "m",\n "n":1.0, "s":"\\u00e4"} ,"metadata":{"a":"b"}}';
  const result = read(text);
  expect(result).toMatchObject({ ok: true, value: { model: 'm', metadata: { a: 'b' } } });
  expect(result.ok && new TextDecoder().decode(result.value.ask)).toBe(
    '{"model" : "m",\n "n":1.0, "s":"\\u00e4"}',
  );
});

test('what nobody could answer is refused by the name of its field', () => {
  expect(refused('nonsense')).toBeUndefined();
  expect(refused('"text"')).toBe('');
  expect(refused(run({ endpoint: '/v1/images' }))).toBe('endpoint');
  expect(refused(run({ body: {} }))).toBe('body.model');
  expect(refused(run({ body: [] }))).toBe('body');
  expect(refused(run({ webhook: { url: 'file:///etc/passwd' } }))).toBe('webhook.url');
  expect(refused(run({ webhook: { url: 'https://x', secret: 'short' } }))).toBe('webhook.secret');
  expect(refused(run({ metadata: { a: 1 } }))).toBe('metadata.a');
  expect(refused(run({ wehbook: {} }))).toBe('wehbook');
  expect(refused(run())).toBe('accepted');
});

test('a refusal says what the field takes, in words of a person', () => {
  const says = (value: unknown) => {
    const result = read(value);
    return result.ok ? '' : result.error.message;
  };
  expect(says({ body: {} })).toBe(
    'endpoint takes the path that the body is for, such as "/v1/chat/completions".',
  );
  expect(says([])).toBe('A run takes a JSON object with `endpoint` and `body`.');
  expect(says(run({ wehbook: {} }))).toBe(
    'A run takes endpoint, body, webhook, defer, approval, metadata; nobody knows "wehbook".',
  );
  expect(says(run({ webhook: { url: 'ftp://x' } }))).toContain('an http or https URL');
  for (const bad of [
    { body: 1 },
    { metadata: { a: 1 } },
    { metadata: 3 },
    { webhook: 'x' },
    { webhook: { url: 'http://x', k: 1 } },
  ])
    expect(says(run(bad))).not.toMatch(/Invalid|expected|received|Unrecognized/);
});

test('only hosts that may be told are', () => {
  const webhook = { url: 'https://hooks.example.com/a' };
  expect(refused(run({ webhook }), ['*.example.com'])).toBe('accepted');
  expect(refused(run({ webhook }), ['hooks.example.com'])).toBe('accepted');
  expect(refused(run({ webhook }), ['hooksXexample.com', 'example.com'])).toBe('webhook.url');
  expect(refused(run({ webhook: { url: 'http://[::1]:80/' } }), ['*.example.com'])).toBe('webhook.url');
  expect(refused(run(), [])).toBe('accepted');
});

test('no credential is kept, and no name of another run', () => {
  expect(
    keptHeaders({
      authorization: 'Bearer mw_x',
      'x-api-key': 'mw_x',
      cookie: 'c',
      'x-midwatch-user': 'ann',
      'x-midwatch-run': 'r',
      'anthropic-version': '2023-06-01',
      traceparent: 't',
      'user-agent': 'u',
    }),
  ).toEqual({ 'x-midwatch-user': 'ann', 'anthropic-version': '2023-06-01', traceparent: 't' });
});

test('how long a run can wait is a duration, a week at most; none is no wish', () => {
  const defer = (value: unknown) => {
    const result = read(run({ defer: value }));
    return result.ok ? result.value.defer : result.error.param;
  };
  expect(defer('8h')).toBe(8 * 3_600_000);
  expect(defer(0)).toBe(0);
  expect(defer(undefined)).toBeUndefined();
  for (const wrong of ['8 hours', -1, '8d', true]) expect(defer(wrong)).toBe('defer');
});

test('a wish for approval is plain or says how long and why; false is none', () => {
  const approval = (value: unknown) => {
    const result = read(run({ approval: value }));
    return result.ok ? result.value.approval : result.error;
  };
  expect(approval(true)).toEqual({});
  expect(approval({ within: '4h', why: 'dear' })).toEqual({ within: 4 * 3_600_000, why: 'dear' });
  for (const none of [false, undefined]) expect(approval(none)).toBeUndefined();
  for (const wrong of ['yes', { within: 0 }, { within: '31d' }, { why: ' ' }, null]) {
    const refusal = approval(wrong);
    expect(refusal).toMatchObject({ status: 400 });
    expect(JSON.stringify(refusal)).toContain('approval takes true, or an object with `within`');
  }
  expect(approval({ wihtin: '1h' })).toMatchObject({
    param: 'approval.wihtin',
    message: 'approval takes within, why; nobody knows "wihtin".',
  });
});
