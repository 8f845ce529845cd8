import type { Part, PartResult } from '../part.ts';
import { table } from './table.ts';

export interface Ran {
  readonly part: Part;
  readonly seconds: number;
  readonly outcome: PartResult | { readonly failed: string };
}

export interface Run {
  readonly date: string;
  readonly command: string;
  readonly machine: readonly string[];
  readonly ran: readonly Ran[];
}

/** The whole paper, figures that lose included. */
export function results({ date, command, machine, ran }: Run): string {
  const verdicts = ran.flatMap(({ part, outcome }) =>
    'failed' in outcome
      ? [[part.name, 'everything of this part', 'not measured', '**failed**', outcome.failed]]
      : outcome.verdicts.map((v) => [
          part.name,
          v.promise,
          v.measured,
          v.kept ? 'kept' : '**missed**',
          v.note ?? '',
        ]),
  );
  return `${[
    '# What was measured',
    '',
    `Written by \`${command}\` on ${date}. To repeat it: \`npm ci\`, leave the machine alone, \`npm run bench\`; parts by name, \`--quick\` for a short look.`,
    '',
    ...machine.map((line) => `- ${line}`),
    '- Everything runs on 127.0.0.1 of one machine. Ratios carry over to other machines better than figures do.',
    '- OTLP spans and the replay of monitors are promised too; neither exists yet, so neither is measured.',
    '',
    '## Promises',
    '',
    table(['part', 'promise', 'measured', 'verdict', ''], verdicts),
    ...ran.flatMap(({ part, seconds, outcome }) => [
      '',
      `## ${part.title}`,
      '',
      'failed' in outcome
        ? `This part failed after ${seconds.toFixed(0)} s: ${outcome.failed}`
        : outcome.text,
    ]),
    '',
    `The whole run took ${(ran.reduce((sum, r) => sum + r.seconds, 0) / 60).toFixed(1)} minutes.`,
  ].join('\n')}\n`;
}
