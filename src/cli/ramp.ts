import { Command, Option } from 'commander';
import type { RampBucketView, RampView } from '#contracts';
import { count, NONE, percent } from '#contracts/say';
import type { Midwatch } from '#sdk';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { CliError, EXIT, type Exit } from './exit.ts';
import { lacking } from './lacking.ts';
import { table } from './table.ts';
import { bold, dim, green, type Paint, print, printJson, red, yellow } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly json?: true;
}
interface ChangeFlags extends Flags {
  readonly bucket?: string;
  readonly why?: string;
}

export const ramp = () =>
  new Command('ramp')
    .description('Ramps of routes to a new path, by the difficulty of their asks.')
    .addCommand(
      withConnection(
        new Command('plan')
          .description(
            'The matrix of a ramp: what percentage of each bucket takes the new path in each stage.',
          )
          .argument('[route]', 'only this one')
          .option('--json', 'print one JSON object a ramp'),
      ).action(async (route: string | undefined, flags: Flags) => {
        const all = await found((await connect(flags)).midwatch, route);
        if (flags.json) for (const { route, to, from, stages } of all) printJson({ route, to, from, stages });
        else print(all.length === 0 ? NOTHING : all.map(planned).join('\n\n'));
      }),
    )
    .addCommand(
      withConnection(
        new Command('status')
          .description(
            'Where ramps stand: evidence by bucket, hard inputs exposed, harm against its budget. Exits 1 when one is rolled back, 3 while one waits for data.',
          )
          .argument('[route]', 'only this one')
          .option('--json', 'print one JSON object a ramp'),
      ).action(async (route: string | undefined, flags: Flags) => {
        const all = await found((await connect(flags)).midwatch, route);
        if (flags.json) for (const one of all) printJson(one);
        else print(all.length === 0 ? NOTHING : all.map(standing).join('\n\n'));
        process.exitCode = verdict(all);
      }),
    )
    .addCommand(judging())
    .addCommand(changing('advance', 'Go on to the next stage, if the gate lets it pass.'))
    .addCommand(changing('rollback', 'Send a bucket, or all of them, back to the old path at once.'))
    .addCommand(
      changing('reset', 'Open a bucket again after a fix, or begin the whole ramp anew at its first stage.'),
    );

interface JudgeFlags extends Flags {
  readonly good?: true;
  readonly bad?: true;
}

const judging = () =>
  withConnection(
    new Command('judge')
      .description(
        'Say what an answer was worth, where a ramp counts by verdicts. Exits 3 when none waits for it.',
      )
      .argument('<route>')
      .argument('<exchange>', 'its id, as in the header x-midwatch-exchange of the answer')
      .addOption(new Option('--good', 'it was good').conflicts('bad'))
      .addOption(new Option('--bad', 'it was bad').conflicts('good'))
      .option('--json', 'print one JSON object'),
  ).action(async (route: string, exchange: string, { good, bad, json, ...flags }: JudgeFlags) => {
    if (good === bad) throw new CliError('Was it good or bad?', 'Add --good or --bad.', EXIT.usage);
    const { midwatch } = await connect(flags);
    const judged = await midwatch.ramps.judge(route, [{ exchange, good: good === true }]);
    if (json) printJson(judged);
    else
      print(
        `${judged.counted === 0 ? yellow(`no answer ${exchange} waits for a verdict here`) : 'counted'}\n${standing(judged.ramp)}`,
      );
    process.exitCode = judged.counted === 0 ? EXIT.unknown : EXIT.good;
  });

const changing = (verb: 'advance' | 'rollback' | 'reset', says: string) => {
  const command = new Command(verb).description(says).argument('<route>');
  if (verb !== 'advance') command.option('--bucket <n>', 'only this one, from 1');
  if (verb === 'rollback') command.option('--why <text>', 'reason, kept with the bucket');
  return withConnection(command.option('--json', 'print one JSON object')).action(
    async (route: string, { bucket, why, json, ...flags }: ChangeFlags) => {
      const { midwatch } = await connect(flags);
      const ramp = await midwatch.ramps[verb](route, {
        ...(bucket !== undefined && { bucket: whole(bucket) }),
        ...(why !== undefined && { why }),
      });
      if (json) printJson(ramp);
      else print(standing(ramp));
    },
  );
};

function whole(text: string): number {
  const n = Number(text);
  if (Number.isInteger(n) && n >= 1) return n;
  throw new CliError(`"${text}" is no bucket.`, 'Buckets are counted from 1, the easiest.', EXIT.usage);
}

async function found(midwatch: Midwatch, route: string | undefined): Promise<readonly RampView[]> {
  const all = await midwatch.ramps.list();
  if (route === undefined) return all;
  const only = all.filter((one) => one.route === route);
  if (only.length > 0) return only;
  throw await lacking(midwatch, route, {
    what: 'ramp',
    remedy:
      all.length > 0
        ? `Ramps: ${all.map((one) => one.route).join(', ')}.`
        : 'Write `ramp:` under it in midwatch.yaml.',
  });
}

const NOTHING = 'no route ramps: write `ramp:` under one in midwatch.yaml';

/** No data is never a pass. */
function verdict(all: readonly RampView[]): Exit {
  if (all.some(({ buckets }) => buckets.some(({ rolledBack }) => rolledBack))) return EXIT.bad;
  return all.length === 0 || all.some(({ gate }) => gate.verdict === 'wait') ? EXIT.unknown : EXIT.good;
}

const head = ({ route, from, to }: RampView): string => `${bold(route)}  ${dim(`${from} → ${to}`)}`;

const planned = (ramp: RampView): string =>
  `${head(ramp)}\n${table(
    [
      { title: 'stage' },
      ...ramp.buckets.map(({ bucket }) => ({ title: `b${bucket}`, align: 'right' as const })),
    ],
    ramp.stages.map((stage, s) => [
      s + 1 === ramp.stage ? bold(`${s + 1} now`) : String(s + 1),
      ...stage.map((share) => `${share} %`),
    ]),
  )}`;

const PAINTS: Readonly<Record<RampView['phase'], Paint>> = {
  learning: yellow,
  ramping: green,
  stopped: red,
  done: green,
};

function standing(ramp: RampView): string {
  const { phase, says, stage, stages, exposure, harm, buckets } = ramp;
  const share = (value: number | undefined) => (value === undefined ? 'none seen' : percent(value));
  return [
    `${head(ramp)}  ${PAINTS[phase](phase)}, ${dim(`stage ${stage} of ${stages.length}`)}`,
    says,
    `new path: ${share(exposure.all)} of all asks, ${share(exposure.hard)} of the hardest; bad answers ${count(harm.seen)} seen, ${harm.upper.toFixed(1)} at worst, ${count(harm.budget)} allowed`,
    table(
      [
        { title: 'bucket' },
        { title: 'from', align: 'right' },
        { title: 'share', align: 'right' },
        { title: 'new', align: 'right' },
        { title: 'bad', align: 'right' },
        { title: ramp.verdicts ? 'unjudged' : '', align: 'right' },
        { title: 'at worst', align: 'right' },
        { title: 'held to', align: 'right' },
        { title: 'old', align: 'right' },
        { title: 'evidence', align: 'right' },
        { title: '' },
      ],
      buckets.map(row),
    ),
  ].join('\n');
}

const row = (b: RampBucketView): readonly string[] => [
  `b${b.bucket}`,
  b.from === undefined ? '' : b.from.toFixed(3),
  `${b.percent} %`,
  count(b.n),
  count(b.bad),
  b.unjudged === undefined ? '' : count(b.unjudged),
  b.n === 0 ? NONE : percent(b.upper),
  b.baseline === undefined ? NONE : percent(b.baseline),
  count(b.old),
  b.n === 0 ? NONE : `${b.statistic.toFixed(1)} of ${b.threshold.toFixed(1)}`,
  b.rolledBack ? red(`rolled back: ${b.rolledBack.why}`) : '',
];
