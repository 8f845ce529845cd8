import { assigned, mayAssign } from './assignment.ts';
import { connection } from './connection.ts';
import { privateKey } from './pem.ts';
import {
  amazon,
  bearer,
  discord,
  entra,
  google,
  jwt,
  mayEndPrefix,
  ofK,
  prefixed,
  sendgrid,
  telegram,
  webhook,
} from './prefixes.ts';
import { type Span, tidy } from './span.ts';

/**
 * One pass that stops only on the few bytes in which something that could be a secret begins or hinges: the dash behind
 * `sk`, the colon behind `password`, the `@` of a connection string. Each stop looks a bounded way back and forth or
 * moves the pass on, so that the time is linear in the size whatever stands in the body; a set of regular expressions
 * was measured at five to twenty times the time on an innocent body.
 */
const STOP = new Uint8Array(256);
const DASH = 1;
const ASSIGN = 3;
const AT = 4;
const Z = 5;
const K = 6;
const S = 7;
const J = 8;
const BEARER = 9;
const TILDE = 10;
for (const [chars, kind] of [
  ['-_.', DASH],
  [':=', ASSIGN],
  ['@', AT],
  ['z', Z],
  ['K', K],
  ['S', S],
  ['J', J],
  ['bB', BEARER],
  ['~', TILDE],
] as const)
  for (const c of chars) STOP[c.charCodeAt(0)] = kind;

const NONE: readonly Span[] = [];

/** What must not be kept, in order, not overlapping. `b` is text or JSON, at any depth of escaping. */
export function findSecrets(b: Uint8Array): readonly Span[] {
  let spans: Span[] | undefined;
  let noJwtBefore = 0;
  let noKeyBefore = 0;
  const endMarkAfter = nextMark(b);
  for (let i = nextStop(b, 0); i < b.length; i = nextStop(b, i + 1)) {
    const kind = STOP[b[i] as number];
    // Nearly every stop ends here, by one look at its neighbours: this loop is most of what a record costs.
    switch (kind) {
      case DASH:
        if (!mayEndPrefix(b, i) && b[i + 1] !== 0x42 && b[i + 7] !== 0x2e) continue;
        break;
      case ASSIGN:
        if (b[i + 1] === 0x2f || b[i + 1] === 0x41) break;
        if (!mayAssign(b, i)) continue;
        break;
      case BEARER:
        if ((b[i + 1]! | 0x20) !== 0x65 || (b[i + 2]! | 0x20) !== 0x61) continue;
        break;
    }
    let found: Span | undefined;
    switch (kind) {
      case DASH: {
        if (b[i + 1] === 0x42 && b[i] === 0x2d) {
          const block = privateKey(b, i, endMarkAfter);
          if (block) {
            spans = [...(spans ?? NONE), ...block.spans];
            i = block.end - 1;
            continue;
          }
        }
        if (b[i] === 0x2e && b[i + 7] === 0x2e) {
          found = discord(b, i);
          if (found) break;
        }
        const key = i < noKeyBefore ? undefined : prefixed(b, i);
        if (typeof key === 'number') noKeyBefore = key;
        else found = key;
        break;
      }
      case ASSIGN:
        if (b[i + 1] === 0x2f && b[i + 2] === 0x2f) found = webhook(b, i);
        else if (b[i + 1] === 0x41 && b[i + 2] === 0x41) found = telegram(b, i) ?? assigned(b, i);
        else if (mayAssign(b, i)) found = assigned(b, i);
        break;
      case AT:
        found = connection(b, i);
        break;
      case Z:
        if (b[i - 1] === 0x49) found = google(b, i);
        break;
      case K:
        if (b[i - 1] === 0x41) found = amazon(b, i) ?? ofK(b, i);
        else if (b[i - 1] === 0x53) found = ofK(b, i);
        break;
      case TILDE:
        found = entra(b, i);
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
        found = bearer(b, i);
        break;
    }
    if (!found) continue;
    spans ??= [];
    spans.push(found);
    i = Math.max(i, found.end - 1);
  }
  return spans ? tidy(spans) : NONE;
}

/** Position of the next byte worth a look, or the length. Four at a time: in prose nine of ten looks end there. */
function nextStop(b: Uint8Array, from: number): number {
  const n = b.length;
  let i = from;
  while (i + 3 < n && (STOP[b[i]!]! | STOP[b[i + 1]!]! | STOP[b[i + 2]!]! | STOP[b[i + 3]!]!) === 0) i += 4;
  while (i < n && STOP[b[i]!] === 0) i++;
  return i;
}

/** Looks for `-----END ` once per stretch, however many blocks begin and never end. */
function nextMark(b: Uint8Array): (from: number) => number {
  let found = -1;
  return (from) => {
    if (found < from) {
      const at = Buffer.from(b.buffer, b.byteOffset, b.byteLength).indexOf('-----END ', from);
      found = at < 0 ? Number.POSITIVE_INFINITY : at;
    }
    return found;
  };
}
