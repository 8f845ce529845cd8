import { Command, InvalidArgumentError, Option } from 'commander';
import { type ChangeEvent, type ExchangeFilter, type ExchangeRow, OUTCOMES } from '#contracts';
import { compact, cost, dollars, NONE, plural, shortHash, shortId, span } from '#contracts/say';
import { systemClock } from '#kernel';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { clockTime } from './format.ts';
import { ending, good, look } from './outcomes.ts';
import { abortOnSignal, whole } from './process.ts';
import { clip, pad } from './table.ts';
import { bold, cyan, dim, interactive, note, print, printJson, red, width, yellow } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly json?: true;
  readonly route?: string;
  readonly provider?: string;
  readonly model?: string;
  readonly outcome?: ExchangeFilter['outcome'];
  readonly key?: string;
  readonly tenant?: string;
  readonly user?: string;
  readonly feature?: string;
  readonly task?: string;
  readonly thread?: string;
  readonly attempts?: number;
  readonly slower?: number;
  readonly dearer?: number;
  readonly slow: number;
}

export const tail = () =>
  withConnection(new Command('tail'))
    .description(
      'Exchanges as they end, and changes unless filtered. A line each on a terminal, a JSON object each in a pipe.',
    )
    .option('--route <name>', 'of this route')
    .option('--provider <name>', 'served by this provider')
    .option('--model <name>', 'of this model')
    .addOption(new Option('--outcome <outcome>', 'that ended so').choices(['good', 'bad', ...OUTCOMES]))
    .option('--key <id>', 'of this key')
    .option('--tenant <name>', 'of this tenant')
    .option('--user <name>', 'of this user')
    .option('--feature <name>', 'of this feature')
    .option('--task <id>', 'of this task')
    .option('--thread <id>', 'of this thread')
    .option('--attempts <n>', 'with at least so many attempts', whole)
    .option('--slower <ms>', 'that took at least so long', whole)
    .option('--dearer <usd>', 'that cost at least so many dollars', usd)
    .option('--slow <ms>', 'mark what took at least so long', whole, 5_000)
    .option('--json', 'one JSON object a line on a terminal too')
    .action(run);

function usd(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('give an amount in dollars, for instance 0.05.');
  return Math.round(value * 1e6);
}

async function run(flags: Flags): Promise<void> {
  const { url: _url, token: _token, json, slow, ...filter } = flags;
  const { url, midwatch } = await connect(flags);
  // The stream below mends itself for ever; a wrong address or token must be said at once.
  await midwatch.me();
  const signal = abortOnSignal();
  // A route filter still leaves its changes in; whoever filters by more wants those exchanges alone.
  const changes = Object.keys(filter).every((name) => name === 'route');
  const pretty = interactive() && json === undefined;
  const clock = systemClock();
  const began = clock.monotonic();
  const seen = { exchanges: 0, bad: 0, microUsd: 0 };
  if (pretty) note(dim(`connecting to ${url} …`));
  for await (const event of midwatch.live(filter as ExchangeFilter, { signal })) {
    switch (event.type) {
      case 'connected':
        if (pretty)
          note(
            dim(event.again ? '── connection is back; what ended meanwhile is in the console' : heading()),
          );
        else if (event.again)
          note('midwatch: connection is back; exchanges that ended meanwhile are missing here');
        break;
      case 'exchange':
        seen.exchanges++;
        seen.microUsd += event.row.microUsd;
        if (!good(event.row.outcome)) seen.bad++;
        if (pretty) print(line(event.row, { slow, columns: width() }));
        else printJson({ type: 'exchange', ...event.row });
        break;
      case 'change':
        if (!changes) break;
        if (pretty) print(changed(event.change));
        else printJson({ type: 'change', ...event.change });
        break;
      case 'skipped':
        if (pretty)
          print(yellow(`   … ${plural(event.count, 'exchange')} not shown: more than this terminal takes`));
        else printJson(event);
        break;
    }
  }
  if (pretty)
    note(
      dim(
        `\n${plural(seen.exchanges, 'exchange')}, ${seen.bad} not good, ${dollars(seen.microUsd)} in ${span(clock.monotonic() - began)}`,
      ),
    );
}

/** Columns by the room there is; what identifies and judges an exchange comes before what explains it. */
interface Layout {
  readonly ending: number;
  readonly route: number;
  readonly model: number;
  readonly cost: boolean;
  readonly tokens: boolean;
  readonly first: boolean;
  readonly who: number;
}
/** Time, attempts, total and id with the gaps around them. */
const FIXED = 8 + 3 + 8 + 8 + 6 * 2;
export function layoutFor(columns: number): Layout {
  const cost = columns >= 88;
  const first = columns >= 104;
  const tokens = columns >= 116;
  const extra = (cost ? 11 : 0) + (first ? 10 : 0) + (tokens ? 13 : 0);
  const room = Math.max(30, columns - FIXED - extra);
  // "provider error" whole behind its glyph: at three in the night nobody guesses at endings.
  const ending = Math.min(18, Math.max(16, Math.floor(room * 0.3)));
  const route = Math.min(16, Math.max(8, Math.floor(room * 0.25)));
  const model = Math.min(30, Math.max(8, room - ending - route));
  const who = Math.max(0, room - ending - route - model - 2);
  return { ending, route, model, cost, tokens, first, who: who >= 10 ? who : 0 };
}

function heading(): string {
  const l = layoutFor(width());
  return [
    pad('time', 8),
    pad('ending', l.ending),
    pad('route', l.route),
    pad('model', l.model),
    pad('', 3),
    pad('total', 8, 'right'),
    ...(l.first ? [pad('first', 8, 'right')] : []),
    ...(l.tokens ? [pad('tokens', 11, 'right')] : []),
    ...(l.cost ? [pad('cost', 9, 'right')] : []),
    pad('id', 8),
    ...(l.who > 0 ? ['who'] : []),
  ].join('  ');
}

export function line(
  row: ExchangeRow,
  { slow, columns }: { readonly slow: number; readonly columns: number },
): string {
  const l = layoutFor(columns);
  const { paint } = look(row.outcome);
  const bad = !good(row.outcome);
  const late = row.totalMs >= slow;
  const model =
    row.servedModel && row.servedModel !== row.model ? `${row.model} → ${row.servedModel}` : row.model;
  const who = [row.feature, row.user, row.task].filter(Boolean).join(' · ');
  const demoted = row.demotedBy && `tier ${row.tier} by ${row.demotedBy}`;
  const retried = row.attempts > 1 ? yellow(pad(`×${row.attempts}`, 3)) : pad('', 3);
  const total = pad(span(row.totalMs), 8, 'right');
  return [
    dim(clockTime(row.at + row.totalMs)),
    // The whole ending is painted when it is bad, so that it stands out of a column of green dots.
    bad
      ? bold(paint(pad(clip(ending(row.outcome, row.failure), l.ending), l.ending)))
      : `${paint(look(row.outcome).glyph)} ${pad(row.outcome, l.ending - 2)}`,
    pad(clip(row.route, l.route), l.route),
    pad(clip(model || NONE, l.model), l.model),
    retried,
    late ? bold(red(total)) : total,
    ...(l.first
      ? [dim(pad(row.firstTokenMs === undefined || !row.stream ? '' : span(row.firstTokenMs), 8, 'right'))]
      : []),
    ...(l.tokens ? [dim(pad(`${compact(row.tokensIn)}→${compact(row.tokensOut)}`, 11, 'right'))] : []),
    ...(l.cost ? [money(row)] : []),
    dim(shortId(row.id)),
    ...(l.who > 0 && demoted ? [yellow(clip(demoted, l.who))] : []),
    ...(l.who > 0 && who ? [dim(clip(who, l.who))] : []),
  ]
    .join('  ')
    .trimEnd();
}

function money(row: ExchangeRow): string {
  const text = pad(cost(row.microUsd, row.costState), 9, 'right');
  return row.costState === 'unpriced' ? yellow(text) : row.costState === 'free' ? dim(text) : text;
}

export const changed = ({ at, route, subject, value, before }: ChangeEvent): string =>
  `${dim(clockTime(at))}  ${cyan(`◇ ${route}: ${subject} ${before === undefined ? 'is' : `${shortHash(before)} →`} ${shortHash(value)}`)}${before === undefined ? dim('  first seen') : ''}`;
