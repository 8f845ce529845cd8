/** Changes to messages that were right. All chance comes from `random`, so that a seed repeats a run. */
export interface Mutator {
  pick<T>(from: readonly T[]): T;
  below(n: number): number;
  chance(p: number): boolean;
  /** One to four changes to bytes, one character a byte. */
  bytes(text: string): string;
  /** One to three changes to a JSON value: members removed, doubled, renamed, or of another type. */
  json(value: unknown): unknown;
  /** Header lines with one to three changes. */
  headers(lines: readonly string[]): string[];
  /** The same text in pieces, few or many. */
  pieces(text: string): string[];
}

const SPICES = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\n\n',
  ' ',
  '\t',
  '\0',
  ':',
  ';',
  ',',
  '"',
  '{',
  '}',
  '[',
  ']',
  '\\',
  '\\u0000',
  '\\ud800',
  '0',
  '-1',
  '1e999',
  'ffffffff',
  '\xff\xfe',
  '\xed\xa0\x80',
  'null',
  'true',
  'data: ',
  'data: [DONE]\n\n',
  'event: error\n',
  'event: message_stop\ndata: {"type":"message_stop"}\n\n',
  ': \n',
  'chunked',
  'content-length: 3\r\n',
  'transfer-encoding: chunked\r\n',
  'content-encoding: gzip\r\n',
  'connection: close\r\n',
  'expect: 100-continue\r\n',
];

const ODD: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  '',
  'x',
  '\0',
  '\ud800',
  '__proto__',
  'constructor',
  'stop',
  'error',
  'assistant',
  'tool',
  'data:image/png;base64,AAAA',
  'x'.repeat(5_000),
  [],
  [[]],
  [null],
  {},
  { type: 'text' },
  { type: 'text', text: null },
  { type: 'tool_use', id: 1, name: [], input: '{' },
  { type: 'image_url', image_url: { url: 7 } },
  { error: {} },
  { error: { message: 1, type: 'rate_limit_error' } },
  { role: 'tool', content: [] },
];
const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'model',
  'stream',
  'messages',
  'content',
  'tool_calls',
  'tools',
  'error',
  'usage',
  'choices',
  'index',
  'type',
  'delta',
  'finish_reason',
  'stop_reason',
  'n',
  'max_tokens',
  'system',
  'response_format',
  'stop',
  '',
];
const LINES = [
  'x-midwatch-route: nowhere',
  'x-midwatch-route: chat',
  'x-midwatch-deadline-ms: -1',
  'x-midwatch-deadline-ms: 1',
  'x-midwatch-deadline-ms: Infinity',
  'x-midwatch-priority: urgent',
  'x-midwatch-priority: low',
  'x-midwatch-user: \xe4\xf6',
  'x-midwatch-: x',
  'x-midwatch-__proto__: x',
  'traceparent: 00-x',
  'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  'authorization: Bearer',
  'authorization: Basic x',
  'x-api-key: ',
  'anthropic-version: 1',
  'accept-encoding: gzip, br, zstd',
  'expect: 100-continue',
  'expect: 200',
  'te: trailers',
  'upgrade: h2c',
  'connection: upgrade',
  'connection: close',
  'content-type: text/plain',
  'content-encoding: gzip',
  'content-length: 5',
  'content-length: 99999999999999999999',
  'transfer-encoding: chunked',
  'transfer-encoding: gzip, chunked',
  'host:',
  `x-long: ${'y'.repeat(9_000)}`,
  ' folded: x',
  'no colon',
  ': no name',
  'x\x01y: z',
];

export function mutator(random: () => number): Mutator {
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;
  const chance = (p: number) => random() < p;

  const bytes = (text: string): string => {
    let out = text;
    for (let i = below(4); i >= 0; i--) {
      const at = below(out.length + 1);
      const to = Math.min(out.length, at + below(chance(0.1) ? out.length : 14));
      const kind = below(10);
      if (kind < 4) out = out.slice(0, at) + pick(SPICES) + out.slice(at);
      else if (kind < 6) out = out.slice(0, at) + out.slice(to);
      else if (kind < 8) out = out.slice(0, to) + out.slice(at, to) + out.slice(to);
      else out = out.slice(0, at) + String.fromCharCode(below(256)) + out.slice(at + 1);
    }
    return out;
  };

  /** Changes one place, the deeper the likelier. */
  const change = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      const items = [...(value as readonly unknown[])];
      const at = below(items.length);
      const kind = below(8);
      if (kind < 5 && items.length > 0) items[at] = change(items[at]);
      else if (kind === 5) items.splice(at, 1);
      else if (kind === 6) items.splice(at, 0, pick(ODD));
      else items.push(...items);
      return items;
    }
    if (typeof value === 'object' && value !== null) {
      const members = Object.entries(value);
      const at = below(members.length);
      const kind = below(10);
      const member = members[at];
      if (kind < 6 && member) members[at] = [member[0], change(member[1])];
      else if (kind === 6) members.splice(at, 1);
      else if (kind === 7 && member) members[at] = [pick(NAMES), member[1]];
      else members.push([pick(NAMES), pick(ODD)]);
      return Object.fromEntries(members);
    }
    return pick(ODD);
  };

  return {
    pick,
    below,
    chance,
    bytes,
    json: (value) => {
      let out = value;
      for (let i = below(3); i >= 0; i--) out = change(out);
      return out;
    },
    headers: (lines) => {
      const out = [...lines];
      for (let i = below(3); i >= 0; i--) {
        const at = below(out.length);
        const kind = below(6);
        if (kind < 4) out.splice(at, 0, pick(LINES));
        else if (kind === 4) out.splice(at, 1);
        else out[at] = bytes(out[at] ?? '');
      }
      return out;
    },
    pieces: (text) => {
      const size = pick([1, 7, 100, 1_000, 100_000]);
      const out: string[] = [];
      for (let at = 0; at < text.length && out.length < 200; at += size) out.push(text.slice(at, at + size));
      const sent = out.length * size;
      if (sent < text.length) out.push(text.slice(sent));
      return out;
    },
  };
}
