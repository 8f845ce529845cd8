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
  const rows = all.map((target) => {
    const { status, lastHour, since } = target;
    const { glyph, paint } = LOOKS[target.keyRefused ? 'down' : status];
    const known = status !== 'unknown';
    return [
      paint(`${glyph} ${target.keyRefused ? 'key refused' : status}`),
      bold(`${target.provider}/${target.model}`),
      dim(target.endpoint ?? ''),
      known ? target.score.toFixed(2) : '',
      known ? percent(target.share) : '',
      since === undefined ? '' : ago(since, now),
      lastHour ? `${count(lastHour.good.count)} of ${count(lastHour.attempts)}` : '',
      lastHour?.firstTokenMs ? span(lastHour.firstTokenMs.p50) : '',
      interactive() ? clip(why(target), Math.max(30, width() - 100)) : why(target),
    ];
  });
  return table(
    [
      { title: 'state' },
      { title: 'target' },
      { title: 'endpoint' },
      { title: 'score', align: 'right' },
      { title: 'share', align: 'right' },
      { title: 'since', align: 'right' },
      { title: 'good, last hour', align: 'right' },
      { title: 'first token', align: 'right' },
      { title: 'why' },
    ],
    rows,
  );
}
