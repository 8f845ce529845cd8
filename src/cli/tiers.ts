import { Command, Option } from 'commander';
import {
  type DemotionStatus,
  type DemotionView,
  type MixVerdict,
  type RouteTiers,
  TIERS_BY,
  type TierShare,
  type TiersBy,
  type TiersReport,
} from '#contracts';
import { count, percent, rate, shortRate, span } from '#contracts/say';
import { systemClock } from '#kernel';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { EXIT, type Exit } from './exit.ts';
import { durationFlag, millis } from './flags.ts';
import { timestamp } from './format.ts';
import { lacking } from './lacking.ts';
import { typed } from './self.ts';
import { facts, table } from './table.ts';
import { bold, cyan, dim, green, type Paint, print, printJson, red, yellow } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly json?: true;
}
interface ReportFlags extends Flags {
  readonly by: TiersBy;
  readonly since: number;
  readonly route?: string;
}

export const tiers = () =>
  new Command('tiers')
    .description('Declared against served tier mix, and the rules that demote.')
    .addCommand(
      withConnection(
        new Command('report')
          .description(
            'What each tier served against what is declared, from the record. Exits 1 when a declared mix is broken, 3 when none is declared or too little was seen.',
          )
          .addOption(
            new Option('--by <what>', 'how demotions are told apart').choices(TIERS_BY).default('rule'),
          )
          .addOption(durationFlag('--since <duration>', 'how far back', '7d'))
          .option('--route <name>', 'only this route')
          .option('--json', 'print one JSON object'),
      ).action(report),
    )
    .addCommand(
      withConnection(
        new Command('demotions')
          .description(
            'Rules that may send exchanges to a lower tier, and what they did. Exits 1 when one has expired.',
          )
          .option('--json', 'print one JSON object a rule'),
      ).action(async (flags: Flags) => {
        const rules = await (await connect(flags)).midwatch.demotions.list();
        if (flags.json) for (const rule of rules) printJson(rule);
        else print(rules.length === 0 ? 'no route declares a rule of demotion' : ledger(rules));
        process.exitCode = rules.some(({ status }) => OVER.has(status)) ? EXIT.bad : EXIT.good;
      }),
    )
    .addCommand(
      withConnection(
        new Command('approve')
          .description('Let a rule with `onExpire: extend-with-approval` act on after its end.')
          .argument('<route>', 'name of the route')
          .argument('<rule>', 'id of the rule')
          .requiredOption('--for <duration>', 'how long from now, for instance 7d', millis)
          .option('--json', 'print one JSON object'),
      ).action(async (route: string, rule: string, flags: Flags & { readonly for: number }) => {
        const { midwatch } = await connect(flags);
        const until = Math.round(systemClock().now() + flags.for);
        told(await midwatch.demotions.approve(route, rule, { until }), flags);
      }),
    )
    .addCommand(
      withConnection(
        new Command('end')
          .description('End a rule before its time, or its blocking after it.')
          .argument('<route>', 'name of the route')
          .argument('<rule>', 'id of the rule')
          .option('--json', 'print one JSON object'),
      ).action(async (route: string, rule: string, flags: Flags) => {
        told(await (await connect(flags)).midwatch.demotions.end(route, rule), flags);
      }),
    );

async function report({ by, since, route, ...flags }: ReportFlags): Promise<void> {
  const to = Math.round(systemClock().now());
  const { midwatch } = await connect(flags);
  const found = await midwatch.tiers({ from: to - since, to, by, ...(route !== undefined && { route }) });
  if (route !== undefined && found.routes.length === 0)
    throw await lacking(midwatch, route, {
      what: 'tier mix',
      remedy: 'A mix needs a second tier, or `mix:`; `midwatch routes` lists every route.',
    });
  if (flags.json) printJson(found);
  else print(found.routes.length === 0 ? NOTHING : reported(found));
  process.exitCode = verdict(found);
}

const NOTHING = 'no route has a second tier, so there is no mix';

/** Nothing declared is nothing kept. */
export const verdict = ({ routes }: Pick<TiersReport, 'routes'>): Exit => {
  const verdicts = routes.map((route) => route.verdict).filter((one) => one !== 'UNDECLARED');
  if (verdicts.includes('BREACHED')) return EXIT.bad;
  return verdicts.length === 0 || verdicts.includes('UNKNOWN') ? EXIT.unknown : EXIT.good;
};

const VERDICTS: Readonly<Record<MixVerdict, readonly [Paint, string]>> = {
  MET: [green, 'met'],
  BREACHED: [red, 'broken'],
  UNKNOWN: [yellow, 'unknown: too few exchanges'],
  UNDECLARED: [dim, 'not declared'],
};
const said = (verdict: MixVerdict): string => {
  const [paint, word] = VERDICTS[verdict];
  return paint(word);
};

const reported = (found: TiersReport): string =>
  [
    ...found.routes.map((one) => routeText(one, found.by)),
    ...(found.demotions.length > 0 ? [ledger(found.demotions)] : []),
  ].join('\n\n');

function routeText(one: RouteTiers, by: TiersBy): string {
  const shares = table(
    [{ title: 'tier' }, { title: 'served' }, { title: 'declared' }, { title: 'verdict' }],
    one.tiers.map((tier) => [
      tier.tier === one.primary ? bold(tier.tier) : tier.tier,
      tier.served.n === 0 ? '' : shortRate(tier.served),
      declared(tier),
      tier.verdict ? said(tier.verdict) : '',
    ]),
  );
  const rows = one.rows.map(({ name, rest, share }) => [
    rest ? dim('the rest') : (name ?? dim(`no ${by}`)),
    count(share.count),
    share.n === 0 ? '' : shortRate(share),
  ]);
  return [
    `${bold(cyan(one.route))}  ${said(one.verdict)}`,
    facts([
      ['not primary', one.demoted.n === 0 ? 'no exchange in this time' : rate(one.demoted)],
      ['users mostly demoted', one.users && rate(one.users)],
    ]),
    ...(one.demoted.n === 0 ? [] : [shares]),
    ...(rows.length > 0
      ? [
          table(
            [
              { title: by },
              { title: by === 'tier' ? 'served' : 'demoted', align: 'right' },
              { title: by === 'tenant' ? 'of its own' : 'of all' },
            ],
            rows,
          ),
        ]
      : []),
    ...one.findings.map(
      ({ level, since, says, todo, owner }) =>
        `${(level === 'alarm' ? red : level === 'warn' ? yellow : dim)(`${level} since ${timestamp(since)}`)}  ${typed(says)}\n  ${typed(todo)}${owner === undefined ? '' : ` Owner: ${owner}.`}`,
    ),
  ].join('\n\n');
}

const declared = ({ declared: clause }: TierShare): string =>
  clause === undefined
    ? ''
    : [
        clause.target !== undefined && percent(clause.target),
        clause.floor !== undefined && `≥ ${percent(clause.floor)}`,
        clause.ceiling !== undefined && `≤ ${percent(clause.ceiling)}`,
        clause.owner !== undefined && dim(clause.owner),
      ]
        .filter((part) => part !== false)
        .join('  ');

const OVER: ReadonlySet<DemotionStatus> = new Set(['expired', 'blocking'] as const);
const PAINTS: Readonly<Record<DemotionStatus, Paint>> = {
  acting: green,
  extended: yellow,
  expired: yellow,
  blocking: red,
  ended: dim,
};

const ledger = (rules: readonly DemotionView[]): string =>
  table(
    [
      { title: 'rule' },
      { title: 'route' },
      { title: 'from → to' },
      { title: 'reason' },
      { title: 'owner' },
      { title: 'state' },
      { title: 'ends' },
      { title: 'took', align: 'right' },
      { title: 'may', align: 'right' },
      { title: 'held', align: 'right' },
    ],
    rules.map((rule) => [
      bold(rule.id),
      rule.route,
      `${rule.from} → ${rule.to}`,
      rule.reason,
      rule.owner,
      PAINTS[rule.status](rule.status),
      rule.left >= 0 ? `in ${span(rule.left)}` : `${span(-rule.left)} ago`,
      rule.seen === 0 ? '' : percent(rule.demoted / rule.seen),
      percent(rule.maxShare),
      rule.held === 0 ? '' : count(rule.held),
    ]),
  );

function told(rule: DemotionView, { json }: Flags): void {
  if (json) printJson(rule);
  else print(ledger([rule]));
}
