import { type LossRow, lossesOf } from './losses.ts';
import { DIALECTS } from './neutral.ts';

/** The reference page of what translation loses, from the table. */
export function translationPage(): string {
  const pairs = DIALECTS.flatMap((from) => DIALECTS.filter((to) => to !== from).map((to) => ({ from, to })));
  return [
    '# Translation',
    '',
    'Generated from the table of declared losses by `src/protocols/translate/reference.gen.ts`; a test keeps it so.',
    '',
    'A caller of one dialect may be served by a target of another. Everything not named here arrives; what would change the meaning of the answer is refused with `dialect_mismatch` instead of being dropped. Each exchange names the losses that its ask really met.',
    '',
    'Refused: more than one choice, audio in and out, the tools a provider runs itself, whatever is kept at a provider (`previous_response_id`, `conversation`, `prompt`, containers, uploads across vendors), `background`, `inference_geo`, the old `functions`. Towards `openai-responses`: stop sequences. Towards `anthropic-messages`: custom tools, stop sequences of white space alone, calls whose arguments are not JSON. From `anthropic-messages`: an answer to go on from (prefill).',
    '',
    ...pairs.flatMap(({ from, to }) => section(from, to)),
  ].join('\n');
}

function section(from: string, to: string): string[] {
  const rows = lossesOf(from, to);
  return [
    `## ${from} → ${to}`,
    '',
    ...table('Lost on the way to the target', rows, 'ask'),
    ...table('Lost on the way back', rows, 'answer'),
  ];
}

const table = (title: string, rows: readonly LossRow[], way: LossRow['in']): string[] => [
  `${title}:`,
  '',
  '| id | lost | instead |',
  '|---|---|---|',
  ...rows
    .filter((row) => row.in === way)
    .map(({ id, lost, instead }) => `| \`${id}\` | ${lost} | ${instead} |`),
  '',
];
