import type { ExchangeFilter } from '@midwatch/contracts';

/** Filters as they stand in the URL, in the search box as `field:value`, and in the query sent to the server. */
export interface FilterField {
  readonly name: keyof ExchangeFilter;
  readonly says: string;
  readonly kind: 'text' | 'ms' | 'usd' | 'int';
  /** In the box under another word than in the URL. */
  readonly example: string;
}

export const FILTER_FIELDS: readonly FilterField[] = [
  { name: 'outcome', says: 'how it ended; good and bad for all of them', kind: 'text', example: 'bad' },
  { name: 'route', says: 'route', kind: 'text', example: 'support' },
  { name: 'provider', says: 'provider that answered', kind: 'text', example: 'openai' },
  { name: 'model', says: 'model asked for', kind: 'text', example: 'gpt-5.5' },
  { name: 'slower', says: 'took at least so long', kind: 'ms', example: '2s' },
  { name: 'dearer', says: 'cost at least so much', kind: 'usd', example: '$0.01' },
  { name: 'attempts', says: 'at least so many attempts', kind: 'int', example: '2' },
  { name: 'feature', says: 'feature the caller named', kind: 'text', example: 'checkout' },
  { name: 'user', says: "caller's user", kind: 'text', example: 'u-1842' },
  { name: 'tenant', says: 'tenant', kind: 'text', example: 'acme' },
  { name: 'task', says: 'task', kind: 'text', example: 'refund-71' },
  { name: 'thread', says: 'conversation', kind: 'text', example: 't-9' },
  { name: 'key', says: 'id of the Midwatch key', kind: 'text', example: 'k_…' },
  { name: 'release', says: 'release id', kind: 'text', example: '3f9a…' },
  { name: 'source', says: 'gateway, eval, drill, shadow, all …', kind: 'text', example: 'gateway' },
];
const FIELD = new Map(FILTER_FIELDS.map((field) => [field.name as string, field]));

type Raw = Readonly<Record<string, unknown>>;

/** From a URL's parameters; what is empty, unknown or not a number is dropped rather than sent. */
export const readFilter = (raw: Raw): ExchangeFilter => {
  const filter: Record<string, string | number> = {};
  for (const field of FILTER_FIELDS) {
    const text = asText(raw[field.name]);
    if (text === undefined) continue;
    if (field.kind === 'text') filter[field.name] = text;
    else if (isCount(text)) filter[field.name] = Number(text);
  }
  for (const bound of ['from', 'to']) {
    const text = asText(raw[bound]);
    if (text !== undefined && isCount(text)) filter[bound] = Number(text);
  }
  return filter as ExchangeFilter;
};

const asText = (value: unknown): string | undefined => {
  const text = typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '';
  return text === '' ? undefined : text;
};
const isCount = (text: string): boolean => /^\d+(\.\d+)?$/.test(text);

/** One `field:value` of the search box as a part of a filter; undefined when it says nothing we know. */
export const readToken = (token: string): Partial<ExchangeFilter> | undefined => {
  const at = token.indexOf(':');
  if (at < 1) return undefined;
  const field = FIELD.get(token.slice(0, at).trim().toLowerCase());
  const text = token.slice(at + 1).trim();
  if (!field || text === '') return undefined;
  if (field.kind === 'text') return { [field.name]: text };
  const value = field.kind === 'ms' ? readMs(text) : field.kind === 'usd' ? readUsd(text) : readInt(text);
  return value === undefined ? undefined : { [field.name]: value };
};

const MS = { ms: 1, s: 1000, m: 60_000, '': 1 } as const;
const readMs = (text: string): number | undefined => {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|)$/.exec(text.toLowerCase()) ?? [];
  return number === undefined ? undefined : Math.round(Number(number) * MS[unit as keyof typeof MS]);
};
const readUsd = (text: string): number | undefined => {
  const [, number] = /^\$?(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  return number === undefined ? undefined : Math.round(Number(number) * 1e6);
};
const readInt = (text: string): number | undefined => (/^\d+$/.test(text) ? Number(text) : undefined);

/** Chips, in the order of the fields: what the user would have to type to get them. */
export const filterTokens = (
  filter: ExchangeFilter,
): readonly { readonly name: keyof ExchangeFilter; readonly value: string }[] =>
  FILTER_FIELDS.flatMap((field) => {
    const value = filter[field.name];
    if (value === undefined) return [];
    return [{ name: field.name, value: writeValue(field.kind, value) }];
  });

const writeValue = (kind: FilterField['kind'], value: string | number): string => {
  if (kind === 'ms' && typeof value === 'number')
    return value >= 1000 && value % 100 === 0 ? `${value / 1000}s` : `${value}ms`;
  if (kind === 'usd' && typeof value === 'number')
    return `$${(value / 1e6).toFixed(6).replace(/0+$/, '').replace(/\.$/, '')}`;
  return String(value);
};

/** `?a=1&b=x` without JSON in it, so that an address can be typed and is the one the API understands too. */
export const parseSearch = (search: string): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(search));
export const stringifySearch = (search: Raw): string => {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
};
