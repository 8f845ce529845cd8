import { expect, test } from 'bun:test';
import { unreachable } from './failures.ts';

test.each([
  ['CERT_HAS_EXPIRED', /certificate of the provider has expired; nothing was sent/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', /for another host name/],
  ['SELF_SIGNED_CERT_IN_CHAIN', /NODE_EXTRA_CA_CERTS/],
  ['EPROTO', /TLS handshake with the provider failed/],
  ['ECONNREFUSED', /could not be reached/],
])('where there is no connection, %s is said in words too', (detail, words) => {
  const { kind, hint } = unreachable(detail);
  expect(kind).toBe('connect');
  expect(hint).toMatch(words);
  expect(hint).toEndWith(`(${detail})`);
});
