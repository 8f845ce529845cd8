import { Command } from 'commander';
import type { RouterView } from '#contracts';
import { count, dollars, NONE, percent, plural } from '#contracts/say';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { EXIT, type Exit } from './exit.ts';
import { lacking } from './lacking.ts';
import { calibrated, tune } from './router-tune.ts';
import { facts, table } from './table.ts';
import { bold, dim, green, type Paint, print, printJson, red, yellow } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly json?: true;
}

export const router = () =>
  new Command('router')
    .description('Model routers and what they really cost.')
    .addCommand(
      withConnection(
        new Command('report')
          .description(
            'What a solved task costs with a router and without it, repeats charged. Exits 0 when every router saves, 1 when one loses, 3 while one is undecided.',
          )
          .argument('[route]', 'only this one')
          .option('--json', 'print one JSON object a router'),
      ).action(async (route: string | undefined, flags: Flags) => {
        const { midwatch } = await connect(flags);
        const all = await midwatch.routers();
        const wanted = route === undefined ? all : all.filter((one) => one.route === route);
        if (route !== undefined && wanted.length === 0)
          throw await lacking(midwatch, route, {
            what: 'router',
            remedy:
              all.length > 0
                ? `Routers: ${all.map((one) => one.route).join(', ')}.`
                : 'Write `router:` under it in midwatch.yaml.',
          });
        if (flags.json) for (const one of wanted) printJson(one);
        else print(wanted.length === 0 ? NOTHING : wanted.map(reported).join('\n\n'));
        process.exitCode = verdict(wanted);
      }),
    )
    .addCommand(tune());

const NOTHING = 'no route is routed by model: write `router:` under one in midwatch.yaml';

function verdict(all: readonly RouterView[]): Exit {
  if (all.some((one) => one.verdict === 'loses')) return EXIT.bad;
  return all.length > 0 && all.every((one) => one.verdict === 'saves') ? EXIT.good : EXIT.unknown;
}

const PAINTS: Readonly<Record<RouterView['verdict'], Paint>> = {
  saves: green,
  loses: red,
  undecided: yellow,
};

function reported(one: RouterView): string {
  const { escalation, tasks, regret, classifier, tuned } = one;
  const rows = (['router', 'frontier'] as const).map((name) => {
    const { tasks, exchanges, solved, microUsd, perSolved } = one[name];
    return [
      name === 'router' ? 'router' : 'holdback',
      count(tasks),
      tasks === 0 ? NONE : (exchanges / tasks).toFixed(2),
      count(solved),
      dollars(microUsd),
      perSolved
        ? `${dollars(perSolved.estimate)} ${dim(`${dollars(perSolved.lower)} to ${dollars(perSolved.upper)}`)}`
        : NONE,
    ];
  });
  return [
    `${bold(one.route)}  ${dim(`${one.cheap} or ${one.dear}, by ${one.decidedBy}`)}  ${PAINTS[one.verdict](one.verdict)}`,
    one.says,
    table(
      [
        { title: 'arm' },
        { title: 'tasks', align: 'right' },
        { title: 'calls a task', align: 'right' },
        { title: 'solved', align: 'right' },
        { title: 'cost', align: 'right' },
        { title: 'per solved task' },
      ],
      rows,
    ),
    facts([
      ['tasks', `${count(tasks.closed)} of ${count(tasks.planned)} closed, ${count(tasks.open)} open`],
      ['saved on paper', one.onPaper === undefined ? NONE : percent(one.onPaper)],
      ['saved', one.saved === undefined ? NONE : percent(one.saved)],
      [
        'escalated',
        `${escalation.estimate === undefined ? NONE : percent(escalation.estimate)} (${percent(escalation.lower)} to ${percent(escalation.upper)} of ${count(escalation.n)}), planned ${percent(escalation.declared)}${escalation.finding ? ` ${red(escalation.finding)}` : ''}`,
      ],
      ...(regret
        ? [
            [
              'choices',
              `${percent(regret.rightCheap.estimate)} rightly cheap, ${percent(regret.falseCheap.estimate)} falsely cheap, ${percent(regret.rightDear.estimate)} rightly dear, ${percent(regret.falseDear.estimate)} falsely dear (${plural(regret.pairs, 'pair')})`,
            ] as const,
          ]
        : []),
      ...(classifier
        ? [
            [
              'classifier',
              `${count(classifier.asked)} asked, ${count(classifier.late)} late, ${count(classifier.failed)} failed`,
            ] as const,
            ...calibrated(classifier),
          ]
        : []),
      ...(tuned
        ? [
            [
              'threshold',
              `${tuned.threshold > 1 ? 'never cheap' : tuned.threshold.toFixed(3)} would save ${dollars(tuned.gain.estimate)} an ask (${dollars(tuned.gain.lower)} to ${dollars(tuned.gain.upper)}), bad answers weighed in: ${tuned.verdict}, \`midwatch router tune ${one.route}\``,
            ] as const,
          ]
        : []),
      ...(one.unpriced > 0 ? [['unpriced', red(plural(one.unpriced, 'exchange'))] as const] : []),
    ]),
  ].join('\n');
}
