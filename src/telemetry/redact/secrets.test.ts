import { expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seeded } from '#kernel';
import { createRedactor } from './redactor.ts';

const redactor = createRedactor();
const random = seeded('secrets');
const below = (n: number) => Math.floor(random() * n);
const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;
const chars = (alphabet: string, n: number) =>
  Array.from({ length: n }, () => alphabet[below(alphabet.length)]).join('');
const DIGITS = '0123456789';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const ALNUM = LOWER + LOWER.toUpperCase() + DIGITS;
const URL64 = `${ALNUM}-_`;
const B64 = `${ALNUM}+/`;
const HEX = '0123456789abcdef';
const base64url = (text: string) => Buffer.from(text).toString('base64url');

/** A planted secret: how it is written, and the part of it that must not survive. */
interface Planted {
  readonly text: string;
  readonly hidden: string;
}
const key = (prefix: string, rest: string): Planted => ({ text: prefix + rest, hidden: rest });

/** Each kind that must always be masked. The first half is believed anywhere, the second needs its name or scheme beside it. */
const KEYS: Readonly<Record<string, () => Planted>> = {
  openai: () => key('sk-', chars(ALNUM, 48)),
  openaiProject: () => key('sk-proj-', chars(URL64, 80)),
  anthropic: () => key('sk-ant-api03-', chars(URL64, 90)),
  openrouter: () => key('sk-or-v1-', chars(HEX, 64)),
  deepseek: () => key('sk-', chars(HEX, 32)),
  google: () => key('AIza', `Sy${chars(URL64, 33)}`),
  aws: () => key('AKIA', `${chars('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 15)}2`),
  github: () => key(pick(['ghp_', 'gho_', 'ghs_']), chars(ALNUM, 36)),
  githubFine: () => key('github_pat_', `11${chars(ALNUM, 20)}_${chars(ALNUM, 59)}`),
  slack: () =>
    key(pick(['xoxb-', 'xoxp-', 'xoxa-']), `${chars(DIGITS, 12)}-${chars(DIGITS, 12)}-${chars(ALNUM, 24)}`),
  gitlab: () => key('glpat-', chars(ALNUM, 20)),
  huggingface: () => key('hf_', chars(ALNUM, 34)),
  groq: () => key('gsk_', chars(ALNUM, 52)),
  xai: () => key('xai-', chars(ALNUM, 80)),
  midwatch: () => key('mw_', chars(URL64, 43)),
  stripe: () => key('sk_live_', chars(ALNUM, 24)),
  session: () => key(pick(['mwa_', 'mws_']), chars(ALNUM, 43)),
  vault: () => key('hvs.', chars(URL64, 90)),
  googleToken: () => key('ya29.', chars(URL64, 120)),
  tailscale: () => key('tskey-auth-', `${chars(ALNUM, 12)}CNTRL-${chars(ALNUM, 32)}`),
  planetscale: () => key('pscale_pw_', chars(URL64, 43)),
  grafana: () => key('glsa_', `${chars(ALNUM, 32)}_${chars(HEX, 8)}`),
  jwt: () =>
    key(
      'eyJ',
      `${base64url('{"alg":"HS256","typ":"JWT"}').slice(3)}.${base64url(`{"sub":"${chars(DIGITS, 10)}","n":1}`)}.${chars(URL64, 43)}`,
    ),
};
const NAMED: Readonly<Record<string, () => Planted>> = {
  bearer: () => key('Bearer ', chars(URL64, 40)),
  authorization: () => key('Authorization: Basic ', `${chars(B64, 30)}==`),
  assignment: () =>
    key(pick(['api_key=', 'API_KEY: ', 'apiKey = ', 'client_secret=', 'access_token=']), chars(ALNUM, 32)),
  password: () => key(pick(['password=', 'DB_PASSWORD=', 'passwd: ']), `${chars(ALNUM, 9)}7x`),
  connection: () => {
    const hidden = chars(ALNUM, 12);
    return {
      text: `${pick(['postgres', 'redis', 'mongodb+srv', 'amqp'])}://svc:${hidden}@db.internal:5432/x`,
      hidden,
    };
  },
  pem: () => {
    const lines = Array.from({ length: 6 }, () => chars(B64, 64));
    const kind = pick(['', 'RSA ', 'EC ', 'OPENSSH ']);
    return {
      text: `-----BEGIN ${kind}PRIVATE KEY-----\n${lines.join('\n')}\nab==\n-----END ${kind}PRIVATE KEY-----`,
      hidden: lines.join('\n'),
    };
  },
};

const WORDS =
  'the night watch keeps an eye on every answer; please fix line 12 of main.py, then run it — größe 日本 "quoted" back\\slash {x: 1} and tell me why it costs $3.50'.split(
    ' ',
  );
const prose = (n: number) => Array.from({ length: n }, () => pick(WORDS)).join(' ');

/** Somewhere in a text: between words, after a line break, in quotes, glued to a word when the secret carries its own prefix. */
function place(secret: string, glue: boolean): string {
  const around = pick(['space', 'line', 'quote', 'tab', 'paren', glue ? 'glued' : 'space']);
  const [before, after] = {
    space: [' ', ' '],
    line: ['\n', '\n'],
    quote: ['"', '"'],
    tab: ['\t', '\r\n'],
    paren: ['(', ')'],
    glued: ['xyz', '. '],
  }[around]!;
  return prose(below(30)) + before + secret + after + prose(below(30));
}

/** The text somewhere in the body of an ask, up to three layers of JSON deep, as tool arguments and results are. */
function body(text: string): string {
  let value: unknown = text;
  for (let depth = below(3); depth > 0; depth--)
    value = JSON.stringify(pick([{ args: { note: value } }, [value, 1], { input: value, ok: true }]));
  const message = pick([
    { role: 'user', content: value },
    { role: 'user', content: [{ type: 'text', text: value }] },
    { role: 'assistant', tool_calls: [{ id: 'call_1', function: { name: 'run', arguments: value } }] },
    { role: 'tool', tool_call_id: 'call_1', content: value },
  ]);
  const messages = [{ role: 'system', content: prose(10) }, message, { role: 'user', content: prose(20) }];
  return JSON.stringify({ model: 'm', max_tokens: 400, messages: below(2) ? messages : messages.reverse() });
}

/** No stretch of twelve characters of it is left, even with the line breaks of its surroundings taken out. */
function survives(hidden: string, masked: string): boolean {
  const flat = masked.replace(/\\+[nrt]/g, '');
  const secret = hidden.replaceAll('\n', '');
  for (let i = 0; i + 12 <= secret.length; i++) if (flat.includes(secret.slice(i, i + 12))) return true;
  return secret.length < 12 && flat.includes(secret);
}

const mask = (text: string) => Buffer.from(redactor.secretsIn(Buffer.from(text))).toString();

test('two hundred planted secrets, anywhere in bodies of any depth: none survives, the JSON stays JSON', () => {
  const kinds = [...Object.entries(KEYS), ...Object.entries(NAMED)];
  for (let i = 0; i < 200; i++) {
    const [kind, make] = kinds[i % kinds.length]!;
    const { text, hidden } = make();
    const planted = body(place(text, kind in KEYS && kind !== 'deepseek'));
    const masked = mask(planted);
    if (survives(hidden, masked)) throw new Error(`${kind} survives: ${text}\nin ${planted}\nas ${masked}`);
    const before = JSON.parse(planted) as { messages: { role: string }[] };
    const after = JSON.parse(masked) as typeof before;
    expect(after.messages.map(({ role }) => role)).toEqual(before.messages.map(({ role }) => role));
    expect(masked).toContain('[masked]');
    // Masking what is masked changes nothing: a replayed exchange keeps its hashes.
    expect(mask(masked)).toBe(masked);
  }
});

test('keys that were wrapped in the middle of a line are masked to their end', () => {
  for (const [kind, make] of Object.entries(KEYS)) {
    if (kind === 'aws' || kind === 'google' || kind === 'slack') continue;
    const { text, hidden } = make();
    const cut = text.length - hidden.length + 8 + below(hidden.length - 16);
    for (const wrap of ['\n', '\r\n', '\n    ']) {
      const masked = mask(body(`see ${text.slice(0, cut)}${wrap}${text.slice(cut)}\nend`));
      const flat = masked.replace(/\\+[nr] */g, '');
      // What a chance break leaves alone is a short rest without a digit, which tells nobody anything.
      const left = hidden.slice(cut - (text.length - hidden.length));
      if (left.length >= 12 && /\d/.test(left)) expect(flat).not.toContain(left.slice(0, 12));
    }
  }
});

test('a private key as an array of lines, as a concatenation, and cut off before its end', () => {
  const line = () => chars(B64, 64);
  const lines = [line(), line(), line()];
  const pem = ['-----BEGIN PRIVATE KEY-----', ...lines, 'abcd==', '-----END PRIVATE KEY-----'];
  for (const text of [
    JSON.stringify({ key: pem }),
    JSON.stringify({ code: `const k = ${pem.map((part) => JSON.stringify(`${part}\n`)).join(' +\n  ')};` }),
    JSON.stringify({ cut: `${pem.slice(0, 4).join('\n')}\nAnd then he said: hello there, how are you?` }),
    JSON.stringify({ windows: pem.join('\r\n') }),
  ]) {
    const masked = mask(text);
    for (const one of lines) expect(survives(one, masked)).toBe(false);
    expect(() => JSON.parse(masked)).not.toThrow();
    if (text.includes('he said')) expect(masked).toContain('And then he said: hello there');
  }
});

test('secrets in headers and error texts, the way they come without JSON around them', () => {
  const value = chars(ALNUM, 40);
  for (const [text, kept] of [
    [`authorization: Bearer ${value}`, 'authorization: Bearer …[masked]'],
    [`x-api-key: ${value}`, 'x-api-key: …[masked]'],
    [
      `Incorrect API key provided: sk-${value}. You can find`,
      'Incorrect API key provided: sk-…[masked]. You can find',
    ],
    [
      `{"error":{"message":"bad key sk-ant-api03-${value}"}}`,
      '{"error":{"message":"bad key sk-ant-api03-…[masked]"}}',
    ],
    [`{\\u0022apiKey\\u0022:\\u0022${value}\\u0022}`, '{\\u0022apiKey\\u0022:\\u0022…[masked]\\u0022}'],
    [`postgres:\\/\\/u:p${value}@h\\/db`, 'postgres:\\/\\/u:…[masked]@h\\/db'],
    [`{"password": "hun\\"ter2\\\\", "x": 1}`, '{"password": "…[masked]", "x": 1}'],
    [`{'password': 'hunter2', 'x': 1}`, `{'password': '…[masked]', 'x': 1}`],
  ] as const)
    expect(redactor.secrets(text)).toEqual({ text: kept, count: 1 });
});

test('keys that are known by their make, and addresses that are keys', () => {
  for (const [text, kept] of [
    [`SK${chars(HEX, 32)}`, 'SK…[masked]'],
    [`AKCp${chars(ALNUM, 69)}`, 'AKCp…[masked]'],
    [`ABSK${chars(ALNUM, 132)}`, 'ABSK…[masked]'],
    [`1234567890:AA${chars(URL64, 32)}a`, '1234567890:…[masked]'],
    [`MTIzNDU2Nzg5MDEyMzQ1Njc4.Gx1y2Z.${chars(ALNUM, 38)}`, 'MTIzNDU2Nzg5MDEyMzQ1Njc4.…[masked]'],
    [
      `https://hooks.slack.com/services/T01/B02/${chars(ALNUM, 24)}`,
      'https://hooks.slack.com/services/…[masked]',
    ],
    [`q1w8Q~${chars(ALNUM, 34)}`, 'q1w8Q~…[masked]'],
    [`https://x.blob.core.windows.net/c?sv=1&sig=${chars(ALNUM, 43)}%3D`, undefined],
    [`key-${chars(HEX, 32)}`, 'key-…[masked]'],
    [`Authorization: Splunk ${chars(HEX, 8)}-${chars(HEX, 24)}`, 'Authorization: Splunk …[masked]'],
  ] as const) {
    const masked = mask(JSON.stringify({ content: `Use ${text} now.` }));
    if (kept !== undefined) expect(masked).toBe(JSON.stringify({ content: `Use ${kept} now.` }));
    else expect(masked).toContain('&sig=…[masked]');
  }
});

test('what only looks like one stays', () => {
  for (const text of [
    'task-8f14e45fceea167a5a36dedd4bea2543 and disk-01HXYZABCDEFGHJKMNPQRSTVWX, a risk-adjusted-return-on-capital-2024',
    '{"max_tokens": 400, "token": "Hello", "next_page_token": "CAUQAAabc123456789000abc", "total_tokens": 12}',
    '{"logprobs":[{"token":"internationalization","logprob":-0.1,"bytes":[105]}]}',
    'password = getPassword(user); token = tokens[i + 1]; secret = os.environ["SECRET"]; apiKey: process.env.API_KEY',
    '{"password":{"type":"string"},"properties":{"password":"string"},"token":"$TOKEN","secret":"<your-secret-here>"}',
    'postgres://user:<password>@host/db postgres://user:***@host/db and mailto:ann@example.com and https://example.com/@name',
    'call_abc123DEF456ghi789JKL012 chatcmpl-9xYz123AbC456 req_011CQ4b9aB 01936f2e-1234-7abc-8def-0123456789ab',
    '4bf92f3577b34da6a3ce929d0e0e4736 sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'The bearer of bad news. Bearer authentication is required. sk-learn-compatible estimators; hf_hub_download_file',
    'more_data_core_abcdef1234567890abcdef1234567890 monkey-8f14e45fceea167a5a36dedd4bea2543 https://hooks.example.com/services/T01/B02/abcdef',
    '{"signature":"EqQBCgIYAhIMabcDEF123456789abcDEF","prompt_cache_key":"8f14e45fceea167a5a36dedd4bea2543"} 12:30:45 1.2.3.4 a.b.c',
    '-----BEGIN CERTIFICATE-----\\nMIIBszCCAVmgAwIBAgIUabc\\n-----END CERTIFICATE-----',
  ])
    expect(redactor.secrets(text)).toEqual({ text, count: 0 });
});

test('pictures in base64 stay whole', () => {
  const bytes = Uint8Array.from({ length: 600_000 }, () => below(256));
  const picture = Buffer.from(bytes).toString('base64');
  const text = JSON.stringify({ image_url: { url: `data:image/png;base64,${picture}` } });
  const input = Buffer.from(text);
  expect(redactor.secretsIn(input)).toBe(input);
});

/** Stated rate of false alarms: at most one place in 500 KB of ordinary code and prose. */
const BYTES_PER_FALSE_ALARM = 500_000;

test('ordinary code and prose: at most one false alarm in 500 KB', () => {
  const modules = new URL('../../../node_modules/', import.meta.url).pathname;
  const packages = [
    '@types/node',
    'zod/src',
    'commander',
    'fast-check',
    'yaml',
    'openai',
    '@anthropic-ai/sdk/resources',
  ];
  const files = packages.flatMap((name) =>
    readdirSync(join(modules, name), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|js|md)$/.test(file))
      .map((file) => join(modules, name, file)),
  );
  let bytes = 0;
  const found: string[] = [];
  for (const file of files) {
    const text = JSON.stringify({ content: readFileSync(file, 'utf8') });
    bytes += text.length;
    const { count, text: masked } = redactor.secrets(text);
    if (count > 0) found.push(`${file}: ${masked.match(/.{40}…\[masked\]/g)?.join(' | ')}`);
  }
  expect(bytes).toBeGreaterThan(2_000_000);
  expect(found.length, found.join('\n')).toBeLessThanOrEqual(bytes / BYTES_PER_FALSE_ALARM);
}, 60_000);

test('hostile bodies take linear time: eight times the size, not sixty-four times the work', () => {
  // Counted in looks at bytes, not in seconds: the array says how often it was read.
  const looks = (text: string) => {
    let count = 0;
    const bytes = new Proxy(Buffer.from(text), {
      get(target, property) {
        if (typeof property === 'string' && /^\d+$/.test(property)) count++;
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    redactor.secretsIn(bytes);
    return count;
  };
  for (const unit of [
    'sk-',
    'sk-a1-',
    'ask-',
    'eyJ',
    'eyJa.',
    '@',
    '://a:',
    'token:',
    '"token":"',
    'Bearer ',
    'AIza',
    'AKIA',
    '\\',
    '-----BEGIN PRIVATE KEY-----\\n',
    'password=\\',
    'sk-ab\\n',
    'xoxb-',
    'hvs.',
    '://hooks.slack.com/services/',
    '1:AA',
    'SK0',
    '0Q~',
    'a.a.a.a.',
  ]) {
    const size = 2_000;
    const small = looks(unit.repeat(size / unit.length));
    const large = looks(unit.repeat((8 * size) / unit.length));
    expect(large / small, unit).toBeLessThan(16);
  }
});
