import type { Command } from 'commander';
import { createProgram } from '../program.ts';

/** The reference page of the command line, from the verbs' own definitions. */
export function verbsPage(): string {
  const program = createProgram();
  return [
    '# Command line',
    '',
    'Generated from the definitions of the verbs by `src/cli/reference.gen.ts`; a test keeps it so.',
    '',
    program.description(),
    '',
    'Every verb has `--json`: one JSON object, or one a line where there are many. Colours and progress appear on a terminal only.',
    '',
    '| exit code | means |',
    '|---|---|',
    '| 0 | good |',
    '| 1 | bad: what was asked for failed, or a check found something |',
    '| 2 | usage: the command line itself was wrong |',
    '| 3 | unknown: the evidence does not suffice |',
    '',
    'Verbs that talk to a running Midwatch take `--url` (else `MIDWATCH_URL`, else `http://127.0.0.1:4004`) and `--token` (else `MIDWATCH_TOKEN`, else what `midwatch login` saved).',
    ...program.commands.flatMap((verb) => section(verb, 'midwatch', 2)),
    '',
  ].join('\n');
}

function section(command: Command, before: string, depth: number): string[] {
  const name = `${before} ${command.name()}`;
  const options = command.options.filter((option) => !option.hidden);
  // A verb that only gathers others does nothing by itself.
  const usage =
    command.commands.length > 0 && options.length === 0 ? [] : ['', '```', called(command, name), '```'];
  return [
    '',
    `${'#'.repeat(depth)} ${name}`,
    '',
    command.description(),
    ...usage,
    ...(command.registeredArguments.length > 0
      ? [
          '',
          '| argument | means |',
          '|---|---|',
          ...command.registeredArguments.map((a) => `| \`${a.name()}\` | ${cell(a.description)} |`),
        ]
      : []),
    ...(options.length > 0
      ? [
          '',
          '| option | means |',
          '|---|---|',
          ...options.map(
            (o) =>
              `| \`${cell(o.flags)}\` | ${cell(o.description)}${choices(o.argChoices)}${defaultOf(o.defaultValueDescription ?? o.defaultValue)} |`,
          ),
        ]
      : []),
    ...command.commands.flatMap((child) => section(child, name, depth + 1)),
  ];
}

const called = (command: Command, name: string): string =>
  [
    name,
    ...(command.options.length > 0 ? ['[options]'] : []),
    ...command.registeredArguments.map((a) => {
      const word = a.variadic ? `${a.name()}...` : a.name();
      return a.required ? `<${word}>` : `[${word}]`;
    }),
  ].join(' ');

const cell = (text: string): string => text.replaceAll('|', '\\|');
const choices = (values: readonly string[] | undefined): string =>
  values ? `: ${values.map((v) => `\`${v}\``).join(', ')}` : '';
const defaultOf = (value: unknown): string => (value === undefined ? '' : ` (default: \`${String(value)}\`)`);
