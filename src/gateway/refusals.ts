import type { AskFacets, BodyTrouble, Failure, Fields, Protocol, Route, RouteTable } from '#contracts';
import { seen } from './failures.ts';
import type { Said } from './headers.ts';
import type { Walk } from './walk.ts';

/** What a caller is told who came in vain: one sentence each that says what to do. */

const refusal = (kind: Failure['kind'], hint: string): Failure => ({
  kind,
  origin: 'client',
  retryable: false,
  hint,
});

export const wrongMethod = (allow: string): Failure => refusal('bad_request', `Use ${allow} on this path.`);

export const noLane = (word: string | undefined): Failure =>
  refusal(
    'bad_request',
    `x-midwatch-priority does not know "${word}"; write interactive, normal or batch (high and low mean the first and the last).`,
  );

export const noDeadline = (word: string | undefined): Failure =>
  refusal(
    'bad_request',
    `x-midwatch-deadline-ms is "${word}"; write the milliseconds that the answer may take, above 0.`,
  );

export const packedBody = (encoding: string): Failure =>
  refusal(
    'bad_request',
    `The body is said to be packed (content-encoding: ${encoding}); Midwatch reads it as it is, so send it plain and without that header.`,
  );

export const forbidden = (key: string, route: string): Failure =>
  refusal(
    'forbidden',
    `The key "${key}" may not use route "${route}"; use another key or have the route added to it.`,
  );

export function findRoute(
  table: RouteTable,
  facets: AskFacets,
  protocol: Protocol,
  said: Said,
): Route | Failure {
  const { route, feature } = said.midwatch;
  const found = table.match({
    model: facets.model,
    protocol,
    feature,
    route,
  });
  if (found) return found;
  const names = table.routes.map((r) => r.name).join(', ') || 'none';
  return refusal(
    'unknown_route',
    route
      ? `No route is called "${route}". Routes: ${names}.`
      : `No route serves model "${facets.model}". Routes: ${names}. Add one that matches it, or name a route in x-midwatch-route.`,
  );
}

export function mismatch(route: Route, protocol: Protocol): Failure {
  const targets = new Set(route.tiers.flatMap((tier) => tier.targets.map((t) => t.provider)));
  if (targets.size === 0)
    return protocol.writeReply
      ? seen('no_target', `Nobody was asked: route "${route.name}" has no target, only a canned reply.`)
      : refusal(
          'dialect_mismatch',
          `Route "${route.name}" has no target, only a canned reply, which is no answer in ${protocol.name}.`,
        );
  return refusal(
    'dialect_mismatch',
    `Route "${route.name}" leads to ${[...targets].join(', ')}, which does not serve ${protocol.name}; call it in its own dialect or choose another route.`,
  );
}

const MIB = 1024 ** 2;

export function noBody(trouble: BodyTrouble, headers: Fields, max: number): Failure {
  if (trouble === 'broken') return refusal('client_left', 'The body broke off before its end.');
  if (trouble === 'unreadable')
    return refusal(
      'bad_request',
      'The chunks of the body cannot be read: each is its size in hexadecimal, CRLF, so many bytes, CRLF, and the last has size 0.',
    );
  const declared = Number(headers['content-length']);
  const size = Number.isFinite(declared) ? ` of ${(declared / MIB).toFixed(1)} MiB` : '';
  return refusal(
    'too_large',
    `The body${size} is over the limit of ${(max / MIB).toFixed(0)} MiB (limits.body); send less, or refer to files by id or URL.`,
  );
}

/** When several targets were tried, the caller learns which and how each failed. */
export function withAttempts(failure: Failure, walk: Walk): Failure {
  if (walk.attempts.length < 2) return failure;
  const list = walk.attempts
    .map((a) => `${a.provider}/${a.model}: ${a.failure?.kind ?? a.outcome}`)
    .join('; ');
  return { ...failure, hint: `${sentence(failure.hint)} Tried ${list}.` };
}

/** A provider's own words, which many hints end in, often lack their full stop. */
const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);
