import { z } from 'zod';
import { duration } from '#contracts';

/** Values come from a YAML file as numbers and from a header as text; `after=250` and `after=250ms` both mean 250. */
const plainNumber = (value: unknown) =>
  typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Math.round(Number(value)) : value;

export const milliseconds = z.preprocess(plainNumber, duration);

export const count = z.coerce.number().int().nonnegative();

export const flag = z.union([z.boolean(), z.stringbool()]);
