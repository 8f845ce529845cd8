import { Command } from 'commander';
import { loadConfig, routersIn } from '#app';
import type { CalibrationBin, RouterView } from '#contracts';
import { count, dollars, percent, plural } from '#contracts/say';
import { systemClock } from '#kernel';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { CliError, EXIT } from './exit.ts';
import { facts } from './table.ts';
import { bold, green, print, printJson, yellow } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly offline?: true;
  readonly config?: string;
  readonly json?: true;
}

export const tune = () =>
  withConnection(
    new Command('tune')
      .description(
        'Which threshold of the classifier would have been best, by the pairs that the shadow logged, half of them to choose it and half to judge it. Changes nothing: whoever believes it writes it into midwatch.yaml. Exits 0 when the pairs say what is better, 3 when they do not.',
      )
      .argument('<route>')
      .option('--offline', 'from the data folder, without a running instance')
      .option('-c, --config <file>', 'configuration file, with --offline (default: midwatch.yaml)')
      .option('--json', 'print one JSON object'),
  ).action(async (route: string, flags: Flags) => {
    const all = flags.offline ? offline(flags) : await (await connect(flags)).midwatch.routers();
    const one = all.find((router) => router.route === route);
    if (!one)
      throw new CliError(
        `Route "${route}" has no router.`,
        all.length > 0
          ? `Routers: ${all.map((router) => router.route).join(', ')}.`
          : 'Write `router:` under it in midwatch.yaml.',
        EXIT.usage,
      );
    if (!one.classifier)
      throw new CliError(
        `The router of "${route}" goes by rules: there is no threshold.`,
        'Write `classifier:` under it, a service that answers p.',
        EXIT.usage,
      );
    const { classifier, tuned } = one;
    if (flags.json) printJson({ route, verdict: tuned?.verdict ?? 'undecided', classifier, tuned });
    else print(said(one, classifier));
    process.exitCode = tuned && tuned.verdict !== 'undecided' ? EXIT.good : EXIT.unknown;
  });

function offline({ config }: Flags): readonly RouterView[] {
  const cwd = process.cwd();
  const loaded = loadConfig({ cwd, env: process.env, ...(config !== undefined && { file: config }) });
  const log = (level: string, event: string) => {
    if (level === 'warn') process.stderr.write(`${event}\n`);
  };
  return routersIn(loaded, { cwd, clock: systemClock(), log });
}

type Classifier = NonNullable<RouterView['classifier']>;

function said({ route, tuned, escalation }: RouterView, classifier: Classifier): string {
  const { threshold, pairs, wanted } = classifier;
  if (!tuned)
    return `${yellow('undecided')}: ${plural(pairs, 'pair')} of ${count(wanted)} that it takes. \`router.shadow\` of "${route}" says how many asks are put to both models, up to 0.05.`;
  const lines: Record<NonNullable<RouterView['tuned']>['verdict'], string> = {
    better: `${green('better')}: threshold ${named(tuned.threshold)} in place of ${named(threshold)}`,
    keep: `${green('keep')}: no pair speaks against ${named(threshold)}`,
    undecided: `${yellow('undecided')}: ${named(tuned.threshold)} looks best, and may be no better than ${named(threshold)}`,
  };
  const { gain } = tuned;
  return [
    `${bold(route)} ${lines[tuned.verdict]}`,
    facts([
      ['pairs', `${count(pairs)}, half to choose it and half to judge it`],
      [
        'saved an ask',
        `${dollars(gain.estimate)} (${dollars(gain.lower)} to ${dollars(gain.upper)}), bad answers weighed in; now ${dollars(tuned.present)}`,
      ],
      [
        'to the dear model',
        `${percent(tuned.escalation.estimate)} (${percent(tuned.escalation.lower)} to ${percent(tuned.escalation.upper)}), planned ${percent(escalation.declared)}`,
      ],
      ...calibrated(classifier),
    ]),
    ...(tuned.verdict === 'better'
      ? [
          `Nothing is changed. To take it: routes.${route}.router.classifier.threshold: ${Math.min(1, tuned.threshold).toFixed(3)}, expectedEscalation: ${tuned.escalation.estimate.toFixed(2)}; new books begin with it.`,
        ]
      : []),
  ].join('\n');
}

const named = (threshold: number): string => (threshold > 1 ? 'never cheap' : threshold.toFixed(3));

/** Does the classifier mean what it says? For the report too. */
export function calibrated({ calibration }: Classifier): readonly (readonly [string, string])[] {
  if (!calibration) return [];
  const { ece, byChance, cheap, dear } = calibration;
  const tier = (name: string, bin: CalibrationBin | undefined) =>
    bin
      ? [
          [
            name,
            `cheap is enough for ${percent(bin.enough.estimate)} (${percent(bin.enough.lower)} to ${percent(bin.enough.upper)} of ${count(bin.n)}), stated ${percent(bin.stated)}`,
          ] as const,
        ]
      : [];
  return [
    ['calibration', `error ${ece.toFixed(3)} (ECE, ten bins), by chance alone ${byChance.toFixed(3)}`],
    ...tier('sent cheap', cheap),
    ...tier('sent dear', dear),
  ];
}
