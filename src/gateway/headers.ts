import type { Axes, Fields, Incoming, Place, Who } from '#contracts';
import { credentialOf } from './credential.ts';
import type { Step } from './plan.ts';

/** Headers that belong to one connection (RFC 9110 §7.6.1) or that we set ourselves. */
const NOT_FORWARDED = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'expect',
  'accept-encoding',
  // Ours and the browser's: never a provider's business.
  'authorization',
  'x-api-key',
  'api-key',
  'cookie',
  'origin',
  'referer',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
]);

const NOT_ANSWERED = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'date',
  // The body was asked for as identity; the transport decodes it should a provider compress all the same.
  'content-encoding',
  // Nobody is sent elsewhere past us.
  'location',
  // A provider's cookie would become ours in the caller's jar.
  'set-cookie',
  'alt-svc',
  'strict-transport-security',
]);

/** What a caller's headers say, taken apart in one pass. */
export interface Said {
  /** For the upstream, names in lower case. */
  readonly forward: Record<string, string>;
  /** `x-midwatch-…` without the prefix. */
  readonly midwatch: Readonly<Record<string, string>>;
  readonly credential?: string;
  /** SHA-256 of the credential, once somebody needed it. */
  hash?: string;
  /** Head of the call to each step that was made of these. */
  readonly calls: Map<Step, CallHead>;
  readonly trace?: string;
  readonly span?: string;
}

const PREFIX = 'x-midwatch-';
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/;
/** Long enough for any id, short enough that a row stays narrow. */
const LONGEST = 256;

const remembered = new WeakMap<object, Said>();

/** A caller says the same with every call of a connection, so what was taken apart once is kept. */
export function hear({ headers, same }: Incoming): Said {
  const known = same && remembered.get(same);
  if (known) return known;
  const said = readHeaders(headers);
  if (same) remembered.set(same, said);
  return said;
}

/** Address and fields of a call to one target. */
export interface CallHead {
  readonly model: string;
  readonly url: string;
  readonly headers: Fields;
}

function readHeaders(headers: Fields): Said {
  const forward: Record<string, string> = {};
  const midwatch: Record<string, string> = {};
  let trace: string | undefined;
  let span: string | undefined;
  for (const name in headers) {
    const value = headers[name] as string;
    if (name.startsWith(PREFIX)) {
      // An empty header says nothing.
      if (value !== '') midwatch[name.slice(PREFIX.length)] = value.slice(0, LONGEST);
    } else if (!NOT_FORWARDED.has(name)) {
      forward[name] = value;
      if (name === 'traceparent') [, trace, span] = TRACEPARENT.exec(value) ?? [];
    }
  }
  forward['accept-encoding'] = 'identity';
  const credential = credentialOf(headers['x-api-key'], headers.authorization);
  return { forward, midwatch, credential, hash: undefined, calls: new Map(), trace, span };
}

/**
 * Of a provider's head, bytes that pass: Node refuses an answer with a head above 16 KiB, proxies often one above 8, and
 * ours come on top. The heads of the big providers have two or three.
 */
const MOST_HEAD = 6 * 1024;
const EACH_FIELD = ': \r\n'.length;

/** Set by us on an answer some of whose fields did not pass: their names. */
export const LEFT_OUT = 'x-midwatch-headers-left-out';

export function answerHeaders(upstream: Fields): Record<string, string> {
  const answer: Record<string, string> = {};
  let size = 0;
  for (const name in upstream) {
    if (NOT_ANSWERED.has(name)) continue;
    const value = upstream[name] as string;
    size += name.length + value.length + EACH_FIELD;
    answer[name] = value;
  }
  return size > MOST_HEAD ? lightened(answer, size) : answer;
}

/** Without its largest fields, as many as it takes: what a client acts on is short. */
function lightened(answer: Readonly<Record<string, string>>, size: number): Record<string, string> {
  const left: Record<string, string> = { ...answer };
  const dropped: string[] = [];
  const bySize = Object.entries(answer).sort(([a, x], [b, y]) => b.length + y.length - a.length - x.length);
  for (const [name, value] of bySize) {
    if (size <= MOST_HEAD) break;
    size -= name.length + value.length + EACH_FIELD;
    delete left[name];
    dropped.push(name);
  }
  left[LEFT_OUT] = dropped.join(' ').slice(0, LONGEST);
  return left;
}

/* Absent fields are left undefined and vanish in JSON; building objects from spreads costs several times as much. */

export const readWho = (
  { midwatch }: Said,
  key: { readonly id: string; readonly tenant?: string } | undefined,
): Who => ({
  key: key?.id,
  // A key that belongs to a tenant speaks for that tenant alone; a header cannot move it to another.
  tenant: key?.tenant ?? midwatch.tenant,
  user: midwatch.user,
  feature: midwatch.feature,
  principal: midwatch.principal,
});

export const readPlace = ({ midwatch, trace, span }: Said): Place => ({
  thread: midwatch.thread,
  task: midwatch.task,
  run: midwatch.run,
  step: midwatch.step,
  trace,
  span,
});

/** Axes that a body cannot show and a caller may declare. */
export const readDeclared = ({ midwatch }: Said): Axes => ({
  prompt: midwatch.prompt,
  retrieval: midwatch.retrieval,
  harness: midwatch.harness,
});
