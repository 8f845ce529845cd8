import type { Source } from './neutral.ts';

const DATA_URL = /^data:([^;,]*)((?:;[^;,]*)*),/;

/** A URL as a source: `data:` with base64 is inline, percent-encoded data is decoded, anything else stays a link. */
export function sourceOf(url: string): Source {
  const head = DATA_URL.exec(url.slice(0, 256));
  if (!head) return { at: 'url', url };
  const media = head[1] || 'text/plain';
  const data = url.slice(head[0].length);
  if ((head[2] ?? '').endsWith(';base64')) return { at: 'inline', media, data };
  return { at: 'inline', media, data: Buffer.from(unescaped(data)).toString('base64') };
}

/** A stray `%` makes decodeURIComponent throw; such data is taken as it stands. */
const unescaped = (data: string): string =>
  /%(?![0-9a-f]{2})/i.test(data)
    ? data
    : Buffer.from(
        data.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
        'latin1',
      ).toString('utf8');

export function urlOf(source: Source & { readonly at: 'inline' | 'url' | 'text' }): string {
  if (source.at === 'url') return source.url;
  if (source.at === 'inline') return `data:${source.media};base64,${source.data}`;
  return `data:text/plain;base64,${Buffer.from(source.text).toString('base64')}`;
}
