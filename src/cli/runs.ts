import { Command, Option } from 'commander';
import { RUN_STATES, type Run, type RunApproval, type RunState } from '#contracts';
import { ago, count, NONE, shortId, span } from '#contracts/say';
import { systemClock } from '#kernel';
import type { Midwatch } from '#sdk';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { CliError } from './exit.ts';
import { timestamp } from './format.ts';
import { attach } from './runs-attach.ts';
import { self } from './self.ts';
import { facts, table } from './table.ts';
import { bold, dim, green, print, printJson, red, yellow } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly json?: true;
}
interface ListFlags extends Flags {
  readonly state?: RunState;
  readonly limit: string;
}

interface DecideFlags extends Flags {
  readonly reason?: string;
}

const clock = systemClock();
/** How far back a shortened id is looked for. */
const RECENT = 500;
const WHOLE = /^run_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const runs = () =>
  new Command('runs')
    .description('Questions that are answered in their own time.')
    .addCommand(
      withConnection(
        new Command('list')
          .description('Runs of all keys, newest first.')
          .addOption(new Option('--state <state>', 'only these').choices(RUN_STATES))
          .option('--limit <n>', 'how many', '20')
          .option('--json', 'print one JSON object a run'),
      ).action(async ({ state, limit, ...flags }: ListFlags) => {
        const { rows } = await (await connect(flags)).midwatch.runs.list({
          limit: Number(limit),
          ...(state && { state }),
        });
        if (flags.json) for (const run of rows) printJson(run);
        else print(rows.length === 0 ? EMPTY : listed(rows));
      }),
    )
    .addCommand(
      withConnection(
        new Command('show')
          .description('One run and its answer.')
          .argument('<run>', 'its id, its last characters, or last')
          .option('--json', 'print one JSON object'),
      ).action(async (wanted: string, flags: Flags) => {
        const { midwatch } = await connect(flags);
        const detail = await midwatch.runs.get(await find(midwatch, wanted));
        if (flags.json) return printJson(detail);
        print(described(detail.run));
        if (detail.ask !== undefined) print(`\nasks\n${JSON.stringify(detail.ask, null, 2)}`);
        if (detail.answer !== undefined) print(`\n${JSON.stringify(detail.answer, null, 2)}`);
      }),
    )
    .addCommand(attach(find))
    .addCommand(
      withConnection(
        new Command('approve')
          .description('Say yes to a run that awaits approval; `show` prints what it would ask.')
          .argument('<run>', 'its id, its last characters, or last')
          .option('--reason <text>', 'kept with the decision')
          .option('--json', 'print one JSON object'),
      ).action(async (wanted: string, { reason, ...flags }: DecideFlags) => {
        const { midwatch } = await connect(flags);
        const run = await midwatch.runs.approve(await find(midwatch, wanted), reason ? { reason } : {});
        if (flags.json) return printJson(run);
        print(`${green('●')} approved ${bold(run.id)}`);
        print(dim(`→ ${self} runs attach ${run.id}`));
      }),
    )
    .addCommand(
      withConnection(
        new Command('refuse')
          .description('Say no to a run that awaits approval: it ends as cancelled and asks no model.')
          .argument('<run>', 'its id, its last characters, or last')
          .requiredOption('--reason <text>', 'why not, told to whoever asked')
          .option('--json', 'print one JSON object'),
      ).action(async (wanted: string, { reason = '', ...flags }: DecideFlags) => {
        const { midwatch } = await connect(flags);
        const run = await midwatch.runs.refuse(await find(midwatch, wanted), { reason });
        if (flags.json) return printJson(run);
        print(`${yellow('●')} refused ${bold(run.id)}`);
      }),
    )
    .addCommand(
      withConnection(
        new Command('resample')
          .description(
            'Ask the question of a run once more, as a run of its own: another answer, paid again. What was missed of the first is told by attach.',
          )
          .argument('<run>', 'its id, its last characters, or last')
          .option('--json', 'print one JSON object'),
      ).action(async (wanted: string, flags: Flags) => {
        const { midwatch } = await connect(flags);
        const run = await midwatch.runs.resample(await find(midwatch, wanted));
        if (flags.json) return printJson(run);
        print(`${green('●')} ${bold(run.id)} asks what ${run.resampleOf} asked`);
        print(dim(`→ ${self} runs attach ${run.id}`));
      }),
    )
    .addCommand(
      withConnection(
        new Command('cancel')
          .description('End a run; the provider is let go.')
          .argument('<run>', 'its id, its last characters, or last')
          .option('--json', 'print one JSON object'),
      ).action(async (wanted: string, flags: Flags) => {
        const { midwatch } = await connect(flags);
        const run = await midwatch.runs.cancel(await find(midwatch, wanted));
        if (flags.json) return printJson(run);
        print(
          run.state === 'running' || run.state.startsWith('cancelled')
            ? `${green('●')} cancelled ${bold(run.id)}`
            : `${yellow('●')} ${bold(run.id)} was over before: ${coloured(run)}`,
        );
      }),
    );

const EMPTY = `${yellow('No runs')}\n${dim('→')} curl … /v1/runs -d '{"endpoint":"/v1/chat/completions","body":{…}}'`;

async function find(midwatch: Midwatch, wanted: string): Promise<string> {
  if (WHOLE.test(wanted)) return wanted;
  const { rows } = await midwatch.runs.list({ limit: wanted === 'last' ? 1 : RECENT });
  const found = wanted === 'last' ? rows : rows.filter((run) => run.id.endsWith(wanted));
  const [only] = found;
  if (only && found.length === 1) return only.id;
  throw found.length > 1
    ? new CliError(`${found.length} runs end in "${wanted}".`, 'Give more of the id.')
    : new CliError(
        wanted === 'last'
          ? 'There is no run yet.'
          : `None of the last ${count(rows.length)} runs ends in "${wanted}".`,
        '`midwatch runs list` shows them.',
      );
}

function coloured({ state }: Run): string {
  if (state === 'succeeded') return green(state);
  if (state === 'queued' || state === 'running') return state;
  return (state === 'failed' || state === 'invalid' || state === 'expired' ? red : yellow)(state);
}

/** Until when one is put off that has not begun, or waits for a person. */
const waits = ({ state, beginsAt, approval }: Run, now: number): string | undefined =>
  state === 'awaiting_approval' && approval
    ? `${span(Math.max(0, approval.until - now))} left`
    : state === 'queued' && beginsAt !== undefined && beginsAt > now
      ? `in ${span(beginsAt - now)}`
      : undefined;

const approvalOf = ({ until, why, decision, by, at, reason }: RunApproval): string =>
  [
    decision === undefined
      ? `by ${timestamp(until)}`
      : `${decision} by ${by}${at === undefined ? '' : ` ${timestamp(at)}`}`,
    ...(reason === undefined ? [] : [reason]),
    ...(why === undefined ? [] : [`asked: ${why}`]),
  ].join(' · ');

const lasted = ({ startedAt, finishedAt }: Run, now: number): string =>
  startedAt === undefined ? NONE : span((finishedAt ?? now) - startedAt);

function listed(rows: readonly Run[]): string {
  const now = clock.now();
  return table(
    [
      { title: 'run' },
      { title: 'state' },
      { title: 'model' },
      { title: 'created' },
      { title: 'took', align: 'right' },
      { title: 'executions', align: 'right' },
      { title: 'webhook' },
    ],
    rows.map((run) => [
      shortId(run.id),
      coloured(run),
      run.model,
      ago(run.createdAt, now),
      waits(run, now) ?? lasted(run, now),
      run.executions > 1 ? yellow(count(run.executions)) : count(run.executions),
      run.webhook?.state ?? '',
    ]),
  );
}

function described(run: Run): string {
  const { webhook } = run;
  return facts([
    ['run', bold(run.id)],
    ['state', coloured(run)],
    ['why', run.trouble],
    ['approval', run.approval && approvalOf(run.approval)],
    ['outcome', run.outcome],
    ['endpoint', run.endpoint],
    ['model', run.model],
    ['created', timestamp(run.createdAt)],
    ['put off to', run.beginsAt === undefined ? undefined : timestamp(run.beginsAt)],
    ['took', lasted(run, clock.now())],
    ['executions', count(run.executions)],
    ['exchange', run.exchange],
    ['resample of', run.resampleOf],
    ['webhook', webhook && `${webhook.url} ${webhook.state} (${count(webhook.tries)} tries)`],
    ...Object.entries(run.metadata ?? {}).map(([name, value]) => [`metadata ${name}`, value] as const),
  ]);
}
