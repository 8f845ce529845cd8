import type { ExchangeFacts, SpooledExchange } from '#contracts';

/** The JSON part of a frame. */
export type SpoolMeta = Pick<SpooledExchange, 'facts' | 'declared' | 'digest'>;

/** When the exchange was over, by the wall clock of the gateway that served it. */
export const endOf = (facts: ExchangeFacts): number => facts.at + facts.timing.total;

/** Throws on anything but the JSON that the recorder wrote. */
export function parseMeta(bytes: Uint8Array): SpoolMeta {
  const meta: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
  if (!isMeta(meta)) throw new TypeError('not the meta of an exchange');
  return meta;
}

const isMeta = (value: unknown): value is SpoolMeta =>
  typeof value === 'object' &&
  value !== null &&
  'facts' in value &&
  typeof value.facts === 'object' &&
  value.facts !== null &&
  'id' in value.facts &&
  typeof value.facts.id === 'string' &&
  'declared' in value;
