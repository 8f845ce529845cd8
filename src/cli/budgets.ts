import { Command } from 'commander';
import type { BudgetView } from '#contracts';
import { dollars, span } from '#contracts/say';
import { systemClock } from '#kernel';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { EXIT, type Exit } from './exit.ts';
import { table } from './table.ts';
import { bold, dim, green, type Paint, print, printJson, red, yellow } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly json?: true;
}

export const budgets = () =>
  withConnection(new Command('budgets'))
    .description(
      'Budgets and what of them is spent, reserved and left, the fullest first. Exits 1 when one is used up, 3 when none was used yet.',
    )
    .option('--json', 'print one JSON object an account')
    .action(async (flags: Flags) => {
      const all = await (await connect(flags)).midwatch.budgets();
      if (flags.json) for (const one of all) printJson(one);
      else print(all.length === 0 ? NOTHING : listed(all));
      process.exitCode = verdict(all);
    });

const NOTHING =
  'no budget was used yet: write `budgets:` into midwatch.yaml, and an account is opened by the first call of each subject';

const verdict = (all: readonly BudgetView[]): Exit =>
  all.length === 0 ? EXIT.unknown : all.some(({ state }) => state === 'hard') ? EXIT.bad : EXIT.good;

const STATES: Readonly<Record<BudgetView['state'], { readonly says: string; readonly paint: Paint }>> = {
  within: { says: 'within', paint: green },
  soft: { says: 'over soft', paint: yellow },
  hard: { says: 'used up', paint: red },
};

function listed(all: readonly BudgetView[]): string {
  const now = systemClock().now();
  const maybe = (amount: number | undefined) => (amount === undefined ? '' : dollars(amount));
  return table(
    [
      { title: 'budget' },
      { title: 'of' },
      { title: 'state' },
      { title: 'spent', align: 'right' },
      { title: 'reserved', align: 'right', spare: 4 },
      { title: 'soft', align: 'right', spare: 2 },
      { title: 'hard', align: 'right', spare: 3 },
      { title: 'left', align: 'right' },
      { title: 'period', spare: 1 },
    ],
    all.map((one) => [
      bold(one.budget),
      `${one.scope} ${one.value}`,
      STATES[one.state].paint(STATES[one.state].says),
      dollars(one.settled),
      dollars(one.reserved),
      maybe(one.soft),
      maybe(one.hard),
      maybe(one.left),
      dim(one.to === undefined ? one.period : `${one.period}, ends in ${span(one.to - now)}`),
    ]),
  );
}
