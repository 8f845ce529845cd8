import { Command } from 'commander';
import type { ProbeView, WeatherState, WeatherView } from '#contracts';
import { ago, count, dollars, span } from '#contracts/say';
import { systemClock } from '#kernel';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { EXIT } from './exit.ts';
import { table } from './table.ts';
import { bold, dim, green, type Paint, print, printJson, red } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly json?: true;
}

export const probe = () =>
  new Command('probe')
    .description('How long targets keep their callers waiting, and whose doing that is.')
    .addCommand(
      withConnection(
        new Command('status')
          .description(
            'Waits beyond what the asks need against what is normal for the hour, causes of slowness with their figures, and what probes cost. Exits 1 when a target is slow, 3 when nothing can be compared yet.',
          )
          .option('--json', 'print one JSON object a target'),
      ).action(async (flags: Flags) => {
        const all = await (await connect(flags)).midwatch.weather();
        if (flags.json) for (const one of all) printJson(one);
        else print(all.length === 0 ? NOTHING : shown(all));
        process.exitCode = all.some(({ state }) => state === 'slow')
          ? EXIT.bad
          : all.every(({ state }) => state === 'unknown')
            ? EXIT.unknown
            : EXIT.good;
      }),
    );

const NOTHING =
  'nothing was learnt yet: no target has answered with a stream, and `probes` is not configured';

const LOOKS: Readonly<Record<WeatherState, { readonly glyph: string; readonly paint: Paint }>> = {
  slow: { glyph: '▼', paint: red },
  usual: { glyph: '●', paint: green },
  unknown: { glyph: '○', paint: dim },
};

function shown(all: readonly WeatherView[]): string {
  const now = systemClock().now();
  const rows = all.map(({ provider, model, state, readings, normal, probe: asked }) => {
    const { glyph, paint } = LOOKS[state];
    const last = readings.at(-1);
    return [
      paint(`${glyph} ${state}`),
      bold(`${provider}/${model}`),
      last ? last.index.toFixed(1) : '',
      last ? `${span(Math.max(0, last.wait))} of ${count(last.n)}` : '',
      normal.wait === undefined ? '' : `${span(normal.wait)} ± ${span(normal.mad ?? 0)}`,
      normal.floor === undefined
        ? ''
        : `${span(normal.floor)} + ${span((normal.perToken ?? 0) * 1_000)} / 1k`,
      last ? ago(last.at, now) : '',
      asked ? probed(asked, now) : dim('off'),
    ];
  });
  const found = all.flatMap(({ provider, model, findings }) =>
    findings.map(
      ({ since, until, says }) =>
        `${bold(`${provider}/${model}`)} ${dim(until === undefined ? `since ${ago(since, now)}` : `${ago(since, now)}, for ${span(until - since)}`)}\n  ${says}`,
    ),
  );
  const titles = ['state', 'target', 'index', 'wait', 'normal', 'asks need', 'read', 'probes today'];
  const list = table(
    titles.map((title) => ({ title, ...(title === 'index' && { align: 'right' as const }) })),
    rows,
  );
  // Each with its own reason, and one said once.
  const why = new Set(all.filter(({ state }) => state === 'unknown').map(({ says }) => says));
  return [list, ...found, ...[...why].map((says) => dim(`unknown: ${says}`))].join('\n\n');
}

function probed({ calls, failed, microUsd, dailyMicroUsd, every, last, paused }: ProbeView, now: number) {
  const bad = failed > 0 ? red(`, ${failed} failed`) : '';
  const told = last ? `, last ${last.failed ?? span(last.firstToken)} ${ago(last.at, now)}` : '';
  return paused === undefined
    ? `${count(calls)} every ${span(every)}${bad}, ${dollars(microUsd)} of ${dollars(dailyMicroUsd)}${told}`
    : `${count(calls)}${bad}, ${dollars(microUsd)}; paused: ${paused}`;
}
