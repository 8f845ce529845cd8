import { Command } from 'commander';
import type { HoursView, HourView } from '#contracts';
import { count, span } from '#contracts/say';
import type { Midwatch } from '#sdk';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { CliError, EXIT } from './exit.ts';
import { explain } from './latency-explain.ts';
import { bold, dim, green, type Paint, print, printJson, red, yellow } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly json?: true;
}

export const latency = () =>
  new Command('latency')
    .description('How long answers take, and how long they should.')
    .addCommand(
      withConnection(
        new Command('profile')
          .description(
            'Time to the first token by the hour of the week: what is normal for each target, and how it goes now. Exits 1 when one is above its normal, 3 when none can be compared yet.',
          )
          .argument('[target]', 'only this provider, or provider/model')
          .option('--json', 'print one JSON object a target and size'),
      ).action(async (target: string | undefined, flags: Flags) => {
        const { midwatch } = await connect(flags);
        const query = queryOf(target);
        const all = await midwatch.hours(query);
        if (all.length === 0 && query.provider !== undefined) await mustBeKnown(midwatch, query.provider);
        if (flags.json) for (const one of all) printJson(one);
        else print(all.length === 0 ? NOTHING : all.map(shown).join('\n\n'));
        process.exitCode = all.some((one) =>
          [one, one.perToken].some((it) => it?.now.state === 'above' || it?.regime),
        )
          ? EXIT.bad
          : all.every(({ now }) => now.state === 'unknown')
            ? EXIT.unknown
            : EXIT.good;
      }),
    )
    .addCommand(explain());

const NOTHING = 'nothing was learnt yet: no target has answered with a stream';

function queryOf(target: string | undefined): { provider?: string; model?: string } {
  if (target === undefined) return {};
  const slash = target.indexOf('/');
  const provider = slash < 0 ? target : target.slice(0, slash);
  if (provider === '')
    throw new CliError(`"${target}" names no provider.`, 'Write provider or provider/model.', EXIT.usage);
  return slash < 0 ? { provider } : { provider, model: target.slice(slash + 1) };
}

/** Nothing of a provider that no route asks is a typing error, and told as one. */
async function mustBeKnown(midwatch: Midwatch, provider: string): Promise<void> {
  const targets = (await midwatch.routes.list()).flatMap(({ tiers }) =>
    tiers.flatMap((tier) => tier.targets),
  );
  const known = [...new Set(targets.map((target) => target.split('/', 1)[0]))];
  if (!known.includes(provider))
    throw new CliError(`No route asks a provider "${provider}".`, `Providers: ${known.join(', ')}.`);
}

const PAINTS: Readonly<Record<HoursView['now']['state'], Paint>> = {
  normal: green,
  above: red,
  below: yellow,
  unknown: dim,
};

function shown(one: HoursView): string {
  const { now, cells, tokens, acts } = one;
  const size = tokens.to === undefined ? `above ${count(tokens.from)}` : `up to ${count(tokens.to)}`;
  const head = `${bold(`${one.provider}/${one.model}`)} ${dim(`asks of ${size} tokens, ${one.zone}`)}`;
  const says = PAINTS[now.state](now.says);
  const figures = [
    now.normal && `normal ${span(now.normal.p50)}, p99 ${span(now.normal.p99)}`,
    now.recent && `now ${span(now.recent.p50)} of ${count(now.recent.n)}`,
    now.timeout !== undefined && `waited for until ${span(now.timeout)} by the hour`,
    !acts && 'timeouts by the hour begin when four weeks are known',
  ].filter(Boolean);
  const regimes = [one.regime, one.perToken?.regime].flatMap((it) => (it ? [`  ${red(it.says)}`] : []));
  return [
    head,
    ...regimes,
    `  ${[says, dim(figures.join(', '))].filter(Boolean).join('; ')}`,
    ...pace(one),
    ...week(cells, now.hour),
  ].join('\n');
}

/** How its streams go once they have begun. */
function pace({ perToken }: HoursView): readonly string[] {
  if (!perToken) return [];
  const { state, says, normal, recent } = perToken.now;
  const figures = [
    normal && `normal ${span(normal.p50)}`,
    recent && `now ${span(recent.p50)} of ${count(recent.n)}`,
  ].filter(Boolean);
  return [
    `  each token after it: ${[PAINTS[state](says), dim(figures.join(', '))].filter(Boolean).join('; ')}`,
  ];
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
/** A shape for each, for a log without colours. */
const SHADES = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** Seven lines of 24 hours, the fastest the lowest; a dot where nothing was ever seen. */
function week(cells: readonly HourView[], hour: number): readonly string[] {
  const seen = cells.filter(({ n }) => n > 0).map(({ p50 }) => p50);
  if (seen.length === 0) return [];
  const least = Math.min(...seen);
  const most = Math.max(...seen);
  const shade = ({ hour: at, n, p50 }: HourView): string => {
    if (n === 0) return dim('·');
    const level = most > least * 1.05 ? (p50 - least) / (most - least) : 0;
    const glyph = SHADES[Math.min(7, Math.floor(level * 8))] as string;
    return at === hour ? bold(glyph) : glyph;
  };
  return [
    dim(`      0     6     12    18       medians, from ${span(least)} to ${span(most)}`),
    ...DAYS.map(
      (day, i) =>
        `  ${dim(day)} ${cells
          .slice(24 * i, 24 * i + 24)
          .map(shade)
          .join('')}`,
    ),
  ];
}
