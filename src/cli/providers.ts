import { Command } from 'commander';
import type { ProviderStatus, ProviderView } from '#contracts';
import { ago, count, percent, span } from '#contracts/say';
import { systemClock } from '#kernel';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { EXIT, type Exit } from './exit.ts';
import { clip, table } from './table.ts';
import {
  bold,
  dim,
  green,
  interactive,
  type Paint,
  print,
  printJson,
  red,
  width,
  yellow,
} from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly json?: true;
}

export const providers = () =>
  withConnection(new Command('providers'))
    .description(
      'How every target stands, worst first, and why. Exits 1 when one is down or its key is refused, 3 when nothing is known yet.',
    )
    .option('--json', 'print one JSON object a target')
    .action(async (flags: Flags) => {
      const all = await (await connect(flags)).midwatch.providers();
      if (flags.json) for (const target of all) printJson(target);
      else print(all.length === 0 ? NOTHING : listed(all));
      process.exitCode = verdict(all);
    });

const NOTHING = 'nothing is known yet: no target is configured by name, and none was asked';

function verdict(all: readonly ProviderView[]): Exit {
  if (all.some(({ status, keyRefused }) => status === 'down' || keyRefused)) return EXIT.bad;
  return all.every(({ status }) => status === 'unknown') ? EXIT.unknown : EXIT.good;
}

/** A shape for each, for a log without colours. */
const LOOKS: Readonly<Record<ProviderStatus, { readonly glyph: string; readonly paint: Paint }>> = {
  down: { glyph: '✗', paint: red },
  brownout: { glyph: '▼', paint: red },
  degraded: { glyph: '◐', paint: yellow },
  watch: { glyph: '◔', paint: yellow },
  healthy: { glyph: '●', paint: green },
  unknown: { glyph: '○', paint: dim },
};

/** Slowness comes before health: a target that is slow is soon called unwell, and that is then why. */
const why = ({ slow, says }: ProviderView): string => (slow ? `${slow.says} ${says}` : says);

function listed(all: readonly ProviderView[]): string {
  const now = systemClock().now();
  // In a line of its own where it would be cut to nothing.
  const beside = !interactive() || width() >= WIDE;
  const counted = new Set<string>();
  const rows = all.map((target) => {
    const { status, lastHour, since } = target;
    const { glyph, paint } = LOOKS[target.keyRefused ? 'down' : status];
    const known = status !== 'unknown';
    // The record counts a target and not its endpoints: said once, it is not added up.
    const name = `${target.provider}/${target.model}`;
    const first = !counted.has(name);
    counted.add(name);
    return [
      paint(`${glyph} ${target.keyRefused ? 'key refused' : status}`),
      bold(name),
      dim(target.endpoint ?? ''),
      known ? target.score.toFixed(2) : '',
      known ? percent(target.share) : '',
      since === undefined ? '' : ago(since, now),
      first && lastHour ? `${count(lastHour.good.count)} of ${count(lastHour.attempts)}` : '',
      first && lastHour?.firstTokenMs ? span(lastHour.firstTokenMs.p50) : '',
      !beside ? '' : interactive() ? clip(why(target), Math.max(30, width() - 100)) : why(target),
    ];
  });
  const listed = table(
    [
      { title: 'state' },
      { title: 'target' },
      { title: 'endpoint' },
      { title: 'score', align: 'right', spare: 4 },
      { title: 'share', align: 'right', spare: 2 },
      { title: 'since', align: 'right', spare: 1 },
      { title: 'good, 1 h', align: 'right' },
      { title: 'first token', align: 'right', spare: 3 },
      { title: 'why' },
    ],
    rows,
  );
  const reasons = beside ? [] : all.filter(unwell).map(reasonOf);
  return [listed, ...(reasons.length > 0 ? ['', ...reasons] : [])].join('\n');
}

const WIDE = 130;

const unwell = ({ status, keyRefused }: ProviderView): boolean =>
  keyRefused || (status !== 'healthy' && status !== 'unknown');

const reasonOf = (target: ProviderView): string =>
  `${bold(`${target.provider}/${target.model}`)} ${dim(target.endpoint ?? '')}  ${why(target)}`;
