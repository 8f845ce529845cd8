import type { Axes, Place, Who } from '#contracts';

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
  // The body was asked for as identity; fetch decodes it should a provider compress all the same.
  'content-encoding',
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
  readonly trace?: string;
  readonly span?: string;
}

const PREFIX = 'x-midwatch-';
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/;
/** Long enough for any id, short enough that a row stays narrow. */
const LONGEST = 256;

export function readHeaders(headers: Headers): Said {
  const forward: Record<string, string> = {};
  const midwatch: Record<string, string> = {};
  let credential: string | undefined;
  let trace: string | undefined;
  let span: string | undefined;
  headers.forEach((value, name) => {
    if (name.startsWith(PREFIX)) midwatch[name.slice(PREFIX.length)] = value.slice(0, LONGEST);
    else if (name === 'authorization') credential ??= value.replace(/^bearer\s+/i, '').trim();
    else if (name === 'x-api-key') credential = value.trim();
    else if (!NOT_FORWARDED.has(name)) {
      forward[name] = value;
      if (name === 'traceparent') [, trace, span] = TRACEPARENT.exec(value) ?? [];
    }
  });
  forward['accept-encoding'] = 'identity';
  return {
    forward,
    midwatch,
    ...(credential && { credential }),
    ...(trace && { trace }),
    ...(span && { span }),
  };
}

export function answerHeaders(upstream: Headers): Record<string, string> {
  const answer: Record<string, string> = {};
  upstream.forEach((value, name) => {
    if (!NOT_ANSWERED.has(name)) answer[name] = value;
  });
  return answer;
}

export const readWho = (
  said: Said,
  key: { readonly id: string; readonly tenant?: string } | undefined,
): Who => ({
  ...(key && { key: key.id }),
  // A key that belongs to a tenant speaks for that tenant alone; a header cannot move it to another.
  ...pick('tenant', key?.tenant ?? said.midwatch.tenant),
  ...pick('user', said.midwatch.user),
  ...pick('feature', said.midwatch.feature),
  ...pick('principal', said.midwatch.principal),
});

export const readPlace = (said: Said): Place => ({
  ...pick('thread', said.midwatch.thread),
  ...pick('task', said.midwatch.task),
  ...pick('run', said.midwatch.run),
  ...pick('step', said.midwatch.step),
  ...pick('trace', said.trace),
  ...pick('span', said.span),
});

/** Axes that a body cannot show and a caller may declare. */
export const readDeclared = (said: Said): Axes => ({
  ...pick('prompt', said.midwatch.prompt),
  ...pick('retrieval', said.midwatch.retrieval),
  ...pick('harness', said.midwatch.harness),
});

const pick = <K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } =>
  (value ? { [key]: value } : {}) as { readonly [P in K]?: string };
