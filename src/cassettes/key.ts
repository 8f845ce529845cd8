import type { TransportRequest } from '#contracts';
import { canonical, sha256 } from '#kernel';
import { renameIds } from './ids.ts';
import type { MatchOptions, Question } from './types.ts';

/**
 * What varies between runs without a say in the answer: who asks, what the caller notes down, credentials for tool servers.
 * `stream_options` is not among them: with or without the usage event the recorded bytes are different ones.
 */
const VOLATILE = [
  'user',
  'metadata',
  'safety_identifier',
  'prompt_cache_key',
  'mcp_servers[*].authorization_token',
  'tools[*].authorization',
  'tools[*].headers',
];
const KEY_HEADERS = ['anthropic-version', 'anthropic-beta', 'openai-beta'];
const CREDENTIAL =
  /^(authorization|proxy-authorization|cookie|set-cookie|.*(api-?key|token|secret|signature|password).*)$/i;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0)$/;

/** Reads a request into its question. A pure function of the request: the order of object keys and of headers, spaces and volatile fields do not matter. */
export function asker(match: MatchOptions = {}): (request: TransportRequest) => Question {
  const ignore = [...VOLATILE, ...(match.ignore ?? [])].map(steps);
  const names = (match.headers ?? KEY_HEADERS).map((name) => name.toLowerCase());
  for (const name of names)
    if (CREDENTIAL.test(name))
      throw new RangeError(`match.headers: ${name} carries a credential and may not be kept`);
  const hostClass = match.hostClass ?? ((host: string) => (LOOPBACK.test(host) ? 'local' : host));

  return ({ url, method, headers, body: bytes }) => {
    const address = new URL(url);
    let body = parse(bytes);
    if (body !== null && typeof body === 'object') {
      for (const path of ignore) omit(body, path, 0);
      renameIds(body as Record<string, unknown>);
    }
    if (match.rewrite) body = match.rewrite(body);
    const kept: Record<string, string> = {};
    for (const name of [...names].sort()) {
      const value = headers[name];
      if (value !== undefined) kept[name] = value;
    }
    const question = {
      method: method.toUpperCase(),
      host: hostClass(address.hostname.toLowerCase()),
      path: address.pathname + queryOf(address),
      headers: kept,
      body,
    };
    const model = (body as { model?: unknown } | null)?.model;
    return {
      ...question,
      key: sha256(canonical(question)).slice(0, 32),
      ...(typeof model === 'string' ? { model } : {}),
    };
  };
}

const strict = new TextDecoder('utf-8', { fatal: true });

function parse(bytes: Uint8Array | undefined): unknown {
  if (!bytes || bytes.length === 0) return null;
  let text: string;
  try {
    text = strict.decode(bytes);
  } catch {
    return { $base64: Buffer.from(bytes).toString('base64') };
  }
  try {
    return JSON.parse(text);
  } catch {
    return { $text: text };
  }
}

function queryOf(address: URL): string {
  const pairs = [...address.searchParams]
    .filter(([name]) => !CREDENTIAL.test(name) && name.toLowerCase() !== 'key')
    .map(
      ([name, value]) =>
        `${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(value.toWellFormed())}`,
    )
    .sort();
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
}

/** `a.b[*].c` → a, b, *, c. */
function steps(path: string): readonly string[] {
  const parts = path.replace(/\[(\*|\d+)\]/g, '.$1').split('.');
  if (parts.some((part) => part === ''))
    throw new RangeError(`match.ignore: "${path}" is not a path like messages[*].name`);
  return parts;
}

function omit(value: unknown, path: readonly string[], depth: number): void {
  if (value === null || typeof value !== 'object') return;
  const step = path[depth] as string;
  const members = value as Record<string, unknown>;
  const last = depth === path.length - 1;
  for (const name of step === '*' ? Object.keys(members) : [step]) {
    if (!Object.hasOwn(members, name)) continue;
    if (!last) omit(members[name], path, depth + 1);
    // A hole in a list would shift nothing and still differ from a list without the entry.
    else if (Array.isArray(value)) members[name] = null;
    else delete members[name];
  }
}
