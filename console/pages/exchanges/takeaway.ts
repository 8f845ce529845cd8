import type { ExchangeRow } from '@midwatch/contracts';

const COLUMNS = [
  'id',
  'at',
  'route',
  'protocol',
  'source',
  'model',
  'servedModel',
  'provider',
  'tier',
  'outcome',
  'failure',
  'status',
  'stream',
  'attempts',
  'totalMs',
  'firstTokenMs',
  'overheadMs',
  'tokensIn',
  'tokensOut',
  'microUsd',
  'costState',
  'key',
  'feature',
  'user',
  'task',
  'thread',
] as const satisfies readonly (keyof ExchangeRow)[];

/** RFC 4180; times in ISO, so that a sheet reads them. A leading `=`, `+`, `-` or `@` would be run as a formula there. */
export const toCsv = (rows: readonly ExchangeRow[]): string =>
  [
    COLUMNS.join(','),
    ...rows.map((row) =>
      COLUMNS.map((name) => cell(name === 'at' ? new Date(row.at).toISOString() : row[name])).join(','),
    ),
  ].join('\r\n');

const cell = (value: string | number | boolean | undefined): string => {
  if (typeof value !== 'string') return value === undefined ? '' : String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

export const toNdjson = (rows: readonly ExchangeRow[]): string =>
  rows.map((row) => JSON.stringify(row)).join('\n');
