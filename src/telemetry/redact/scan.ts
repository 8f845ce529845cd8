import { assigned } from './assignment.ts';
import { connection } from './connection.ts';
import { privateKey } from './pem.ts';
import { amazon, bearer, google, jwt, prefixed, sendgrid } from './prefixes.ts';
import { type Span, tidy } from './span.ts';

/**
 * One pass that stops only on the few bytes in which something that could be a secret begins or hinges: the dash behind
 * `sk`, the colon behind `password`, the `@` of a connection string. Each stop looks a bounded way back and forth or
 * moves the pass on, so that the time is linear in the size whatever stands in the body; a set of regular expressions
 * was measured at five to twenty times the time on an innocent body.
 */
const STOP = new Uint8Array(256);
const DASH = 1;
const UNDERSCORE = 2;
const ASSIGN = 3;
const AT = 4;
const Z = 5;
const K = 6;
const S = 7;
const J = 8;
const BEARER = 9;
for (const [chars, kind] of [
  ['-', DASH],
  ['_', UNDERSCORE],
  [':=', ASSIGN],
  ['@', AT],
  ['z', Z],
  ['K', K],
  ['S', S],
  ['J', J],
  ['bB', BEARER],
] as const)
  for (const c of chars) STOP[c.charCodeAt(0)] = kind;

const NONE: readonly Span[] = [];

/** What must not be kept, in order, not overlapping. `b` is text or JSON, at any depth of escaping. */
export function findSecrets(b: Uint8Array): readonly Span[] {
  let spans: Span[] | undefined;
  let noJwtBefore = 0;
  const n = b.length;
  const last = n - 3;
  for (let i = 0; i < n; i++) {
    while (
      i < last &&
      (STOP[b[i] as number]! |
        STOP[b[i + 1] as number]! |
        STOP[b[i + 2] as number]! |
        STOP[b[i + 3] as number]!) ===
        0
    )
      i += 4;
    let found: Span | undefined;
    switch (STOP[b[i] ?? 0]) {
      case DASH: {
        if (b[i + 1] === 0x42) {
          const block = privateKey(b, i);
          if (block) {
            spans = [...(spans ?? NONE), ...block.spans];
            i = block.end - 1;
            continue;
          }
        }
        found = prefixed(b, i);
        break;
      }
      case UNDERSCORE:
        found = prefixed(b, i);
        break;
      case ASSIGN:
        found = assigned(b, i);
        break;
      case AT:
        found = connection(b, i);
        break;
      case Z:
        if (b[i - 1] === 0x49) found = google(b, i);
        break;
      case K:
        if (b[i - 1] === 0x41) found = amazon(b, i);
        break;
      case S:
        if (b[i - 1] === 0x41) found = amazon(b, i);
        else if (b[i + 1] === 0x47) found = sendgrid(b, i);
        break;
      case J: {
        if (i < noJwtBefore || b[i - 1] !== 0x79) break;
        const token = jwt(b, i);
        if (typeof token === 'number') noJwtBefore = token;
        else found = token;
        break;
      }
      case BEARER:
        if (((b[i + 1] ?? 0) | 0x20) === 0x65) found = bearer(b, i);
        break;
      default:
        continue;
    }
    if (!found) continue;
    spans ??= [];
    spans.push(found);
    i = Math.max(i, found.end - 1);
  }
  return spans ? tidy(spans) : NONE;
}
