import { z } from 'zod';
import type { WasteReport } from '#contracts';
import type { Same } from './same.ts';

const epoch = z.number().describe('Milliseconds since 1970-01-01 UTC.');
const microUsd = z.number().int().describe('Millionths of a US dollar.');
const counts = {
  exchanges: z.number().int(),
  microUsd,
  repeats: z.number().int().describe('Whose question had been asked before in the window.'),
  repeatsMicroUsd: microUsd,
  alike: z
    .number()
    .int()
    .describe(
      'The same with those that differ at most in fields beside messages, tools, schema and sampling.',
    ),
  alikeMicroUsd: microUsd,
};

export const wasteReport = z.object({
  ...counts,
  from: epoch,
  to: epoch,
  rows: z.array(z.object({ ...counts, route: z.string(), model: z.string() })),
  undeclared: z.boolean().describe('The configuration names no development, so nothing is counted.'),
});
true satisfies Same<WasteReport, z.output<typeof wasteReport>>;
