/** `{…}` of Postgres' text form, for a parameter cast to an array of a type without quotes or commas in it. */
export const plainArray = (values: readonly (string | number)[]): string => `{${values.join(',')}}`;

/** The same for any text; null and undefined become NULL. */
export const textArray = (values: readonly (string | null | undefined)[]): string =>
  `{${values
    .map((value) => (value === null || value === undefined ? 'NULL' : `"${value.replace(/[\\"]/g, '\\$&')}"`))
    .join(',')}}`;

/** The same for bytes. */
export const byteArray = (values: readonly Uint8Array[]): string =>
  `{${values.map((value) => `"\\\\x${Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex')}"`).join(',')}}`;
