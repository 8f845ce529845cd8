import type { Failure, FailureKind } from '#contracts';
import { SEMANTICS } from '#kernel';

/** May another target serve, as long as the caller has seen nothing? */
export const movesOn = (failure: Failure): boolean => SEMANTICS[failure.kind].elsewhere === 'always';

const HINTS: Partial<Record<FailureKind, string>> = {
  connect: 'The provider could not be reached; check its base URL and the network.',
  reset: 'The provider closed the connection before it answered; try again.',
  cut: 'The provider broke the answer off before its end; what arrived is incomplete. Try again.',
  empty: 'The provider answered 200 without any output and without a reason for the end; try again.',
  malformed: 'The provider sent something that is not a valid answer of its dialect.',
  timeout_connect: 'The connection to the provider took too long.',
  timeout_headers: 'The provider accepted the request but sent no headers within timeouts.headers.',
  timeout_first_token: 'The provider sent no output within timeouts.firstToken.',
  timeout_idle:
    'The provider fell silent in the middle of the answer for longer than timeouts.idle; what arrived is incomplete.',
  timeout_content:
    'The stream stayed open without bringing any further output for longer than timeouts.content; what arrived is incomplete.',
  timeout_total: 'The exchange took longer than its deadline (timeouts.total or x-midwatch-deadline-ms).',
  client_left: 'The caller closed the connection before the answer was complete.',
  unfit: 'What the target said was not the rest of the answer that had broken off, so none of it was used.',
  starting: 'Midwatch is starting and does not know its keys yet; try again in a moment.',
  shutting_down: 'Midwatch is shutting down; try again in a moment.',
};

/** A failure that we saw ourselves, rather than one that a provider reported. */
export const seen = (kind: FailureKind, hint = HINTS[kind] ?? kind): Failure => ({
  kind,
  origin: SEMANTICS[kind].fault,
  retryable: SEMANTICS[kind].retryable,
  hint,
});

const UNTRUSTED =
  'is signed by nobody whom this machine trusts; NODE_EXTRA_CA_CERTS names a file with further authorities';
/** What is wrong with a certificate, by the word of the TLS library. */
const CERTIFICATE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet, or the clock of this machine is slow',
  CERT_REVOKED: 'was revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for another host name than that of its base URL',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
};

/** No connection. The system's word for it (ECONNREFUSED, say) tells the operator more than ours. */
export function unreachable(detail: string): Failure {
  const failure = seen('connect');
  const flaw = CERTIFICATE[detail];
  const hint =
    flaw !== undefined
      ? `The certificate of the provider ${flaw}; nothing was sent to it.`
      : detail === 'EPROTO'
        ? 'The TLS handshake with the provider failed: it may speak plain HTTP at this port, a TLS older than 1.2, or ask for a client certificate.'
        : failure.hint;
  return { ...failure, hint: `${hint} (${detail})` };
}
