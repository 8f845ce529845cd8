import { Command, InvalidArgumentError, Option } from 'commander';
import {
  DRILL_FAULTS,
  type DrillFault,
  type FallbackDrill,
  type FallbackView,
  PROOF_LEVELS,
  type ProofLevel,
} from '#contracts';
import { ago, count, dollars, percent, plural, ratio, span } from '#contracts/say';
import { systemClock } from '#kernel';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { EXIT, type Exit } from './exit.ts';
import { lacking } from './lacking.ts';
import { typed } from './self.ts';
import { table } from './table.ts';
import { bold, dim, green, type Paint, print, printJson, red, yellow } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly json?: true;
}

export const fallback = () =>
  new Command('fallback')
    .description('Which fallbacks are known to work, and how to find out.')
    .addCommand(
      withConnection(
        new Command('status')
          .description(
            'Every fallback with its three proofs: probe, exercise, load. Exits 0 when all are proven, 1 when one is broken or stale or something is reported of it, 3 when one is unproven. With --require a gate for CI: exits 0 or 1.',
          )
          .argument('[route]', 'name of a route')
          .addOption(
            new Option(
              '--require <proof>',
              'exit 1 unless each route has a fallback with this proof of which nothing is reported, for each protocol that its callers speak, and none that it relies on is broken or stale',
            ).choices(PROOF_LEVELS),
          )
          .option('--json', 'print one JSON object a fallback'),
      ).action(status),
    )
    .addCommand(
      withConnection(
        new Command('drill')
          .description(
            'Prove the fallbacks of a route by calls that are billed: says how many and what they may cost, and makes them with --yes. Exits 0 when all is good, 1 when something is not, 3 when nothing was called.',
          )
          .argument('<route>', 'name of the route')
          .option('--tier <name>', 'one fallback (default: every one)')
          .option('--load', 'ramp up to what the route needs: 5, 25, 100 %')
          .option('--rate <per-second>', 'ramp up to this instead', positive)
          .option('--at-peak', 'ramp although the route is busy, or its first tier is down')
          .addOption(
            new Option('--fault <kind>', 'pretend that the first tier fails so, and see who answers').choices(
              DRILL_FAULTS,
            ),
          )
          .option('--max-calls <n>', 'make no more calls (default: 500)', positive)
          .option('--max-usd <dollars>', 'spend no more (default: 1)', positive)
          .option('--yes', 'make the calls')
          .option('--json', 'print one JSON object'),
      ).action(drill),
    );

interface StatusFlags extends Flags {
  readonly require?: ProofLevel;
}

async function status(route: string | undefined, flags: StatusFlags): Promise<void> {
  const { midwatch } = await connect(flags);
  const all = await midwatch.fallbacks.list();
  const edges = route === undefined ? all : all.filter((edge) => edge.route === route);
  if (route !== undefined && edges.length === 0)
    throw await lacking(midwatch, route, {
      what: 'fallback',
      remedy: `Give it a second tier with targets: routes.${route}.tiers in midwatch.yaml.`,
    });
  const lacks = flags.require === undefined ? [] : gate(edges, flags.require);
  if (flags.json) for (const edge of edges) printJson(edge);
  else
    print(
      [edges.length === 0 ? NOTHING : listed(edges), ...lacks.map((lack) => `\n${red('✗')} ${lack}`)].join(
        '\n',
      ),
    );
  if (flags.require === undefined) process.exitCode = verdict(edges);
  else process.exitCode = lacks.length > 0 ? EXIT.bad : edges.length === 0 ? EXIT.unknown : EXIT.good;
}

/** What stands in the way of a release, one sentence each. */
export function gate(edges: readonly FallbackView[], level: ProofLevel): readonly string[] {
  const down = edges
    .filter(({ required, state }) => required !== undefined && (state === 'BROKEN' || state === 'STALE'))
    .map(({ route, tier, state }) => `${route} relies on ${tier}, which is ${state.toLowerCase()}.`);
  const chains = Map.groupBy(edges, ({ route, protocol }) => `${route}, ${protocol}`);
  const bare = [...chains]
    .filter(([, chain]) => !chain.some((edge) => holds(edge, level) && edge.reports.length === 0))
    .map(([name, chain]) => {
      const [best] = chain.toSorted((a, b) => Number(holds(b, level)) - Number(holds(a, level)));
      const why =
        best && holds(best, level)
          ? `of ${best.tier} is reported that it ${best.reports[0]?.text}`
          : best?.says;
      return `${name}: no fallback is ${level} with nothing against it. ${why ?? ''} ${best?.todo ?? ''}`.trimEnd();
    });
  return [...down, ...bare];
}

/** Has it this proof, whatever its own tier asks for? */
const holds = ({ probed, exercised, load }: FallbackView, level: ProofLevel): boolean => {
  const used = exercised.state === 'PROVEN';
  if (level === 'PROBED') return used || (probed.state === 'PROVEN' && exercised.state !== 'BROKEN');
  return used && (level === 'EXERCISED' || load.state === 'PROVEN');
};

interface DrillFlags extends Flags {
  readonly tier?: string;
  readonly load?: true;
  readonly rate?: number;
  readonly atPeak?: true;
  readonly fault?: DrillFault;
  readonly maxCalls?: number;
  readonly maxUsd?: number;
  readonly yes?: true;
}

const positive = (text: string): number => {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('a number above 0.');
};

async function drill(route: string, flags: DrillFlags): Promise<void> {
  const { midwatch } = await connect(flags);
  const { tier, load = false, rate, atPeak = false, fault, maxCalls, maxUsd, yes = false } = flags;
  const done = await midwatch.fallbacks.drill({
    route,
    load,
    atPeak,
    confirmed: yes,
    ...(tier !== undefined && { tier }),
    ...(fault !== undefined && { fault }),
    ...(rate !== undefined && { perSecond: rate }),
    ...(maxCalls !== undefined && { maxCalls: Math.ceil(maxCalls) }),
    ...(maxUsd !== undefined && { maxMicroUsd: Math.round(maxUsd * 1e6) }),
  });
  if (flags.json) printJson(done);
  else
    print(done.ran ? found(done) : `${planned(done.plan)}\nNobody was called. Add --yes to make the calls.`);
  process.exitCode = !done.ran
    ? EXIT.unknown
    : done.results.length > 0 && done.results.every(({ good }) => good)
      ? EXIT.good
      : EXIT.bad;
}

const planned = ({ calls, ms, microUsd, unpriced, notNow }: FallbackDrill['plan']): string =>
  `at most ${plural(calls, 'call')}, ${dollars(microUsd)}${unpriced > 0 ? ` and ${plural(unpriced, 'call')} without a price` : ''}, ${span(ms)}${notNow === undefined ? '' : `\n${yellow('not now')}  ${notNow}`}`;

function found({ results, microUsd, edges }: FallbackDrill): string {
  const rows = results.map(({ drill, tier, provider, model, protocol, good, says, calls }) => [
    good ? green('● good') : red('✗ bad'),
    drill,
    `${tier}: ${provider}/${model}`,
    protocol,
    count(calls),
    says,
  ]);
  const heads = ['', 'drill', 'fallback', 'protocol', 'calls', 'found'].map((title) => ({ title }));
  return [table(heads, rows), '', listed(edges), '', dim(`cost ${dollars(microUsd)}`)].join('\n');
}

const NOTHING = 'no route has a second tier with targets, so there is nothing to fall back to';

/** An edge without evidence is no pass, and one with evidence against it is worse. */
export const verdict = (edges: readonly FallbackView[]): Exit =>
  edges.some(({ state, reports }) => state === 'BROKEN' || state === 'STALE' || reports.length > 0)
    ? EXIT.bad
    : edges.length === 0 || edges.some(({ state, ready }) => state === 'UNPROVEN' || !ready)
      ? EXIT.unknown
      : EXIT.good;

const PAINTS: Readonly<Record<FallbackView['state'], Paint>> = {
  BROKEN: red,
  STALE: yellow,
  UNPROVEN: yellow,
  PROVEN: green,
};

export function listed(edges: readonly FallbackView[]): string {
  const now = systemClock().now();
  const rows = edges.map(({ route, tier, provider, model, protocol, required, state, ...edge }) => [
    bold(route),
    `${tier}: ${provider}/${model}`,
    protocol,
    `${PAINTS[state](state.toLowerCase())}${required === undefined ? '' : dim(` wants ${required}`)}`,
    edge.probed.state.toLowerCase(),
    exercised(edge.exercised),
    edge.exercised.cost ? ratio(edge.exercised.cost) : '–',
    edge.load.perSecond === undefined ? edge.load.state.toLowerCase() : `${edge.load.perSecond} a second`,
    edge.lastSuccess === undefined ? 'never' : ago(edge.lastSuccess, now),
  ]);
  const notes = edges.flatMap(({ route, tier, todo, reports }) => [
    ...reports.map(({ text }) => `${bold(`${route} → ${tier}`)}  ${yellow(text)}`),
    ...(todo === undefined ? [] : [`${bold(`${route} → ${tier}`)}  ${typed(todo)}`]),
  ]);
  return [
    table(
      [
        { title: 'route' },
        { title: 'fallback' },
        { title: 'protocol' },
        { title: 'state' },
        { title: 'probe', spare: 3 },
        { title: 'exercise', spare: 1 },
        { title: 'cost', spare: 4 },
        { title: 'load', spare: 5 },
        { title: 'last good', spare: 2 },
      ],
      rows,
    ),
    ...(notes.length > 0 ? ['', ...new Set(notes)] : []),
  ].join('\n');
}

const exercised = ({ state, n, bound, share }: FallbackView['exercised']): string =>
  n === 0
    ? share === 0
      ? dim('switched off')
      : state.toLowerCase()
    : `${state.toLowerCase()} by ${n}${bound === undefined ? '' : `, ≥ ${percent(bound)}`}`;
