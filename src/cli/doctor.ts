import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import type { LoadedConfig } from '#app';
import type { Clock, SystemView } from '#contracts';
import { plural } from '#contracts/say';
import { systemClock } from '#kernel';
import { createMidwatch, MidwatchError } from '#sdk';
import { type ConnectionFlags, tokenOf, urlOf, withConnection } from './connect.ts';
import { bad, type Finding, good, note, unknown, warn } from './doctor/finding.ts';
import { dataFolder } from './doctor/folder.ts';
import { machine } from './doctor/machine.ts';
import { listenerOn } from './doctor/processes.ts';
import { bindable, reach } from './doctor/reach.ts';
import { down, status, system } from './doctor/running.ts';
import { providersOf, type Settings, settings } from './doctor/settings.ts';
import { EXIT, type Exit } from './exit.ts';
import { typed } from './self.ts';
import { pad } from './table.ts';
import { bold, cyan, dim, green, type Paint, print, printJson, red, yellow } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly config?: string;
  readonly data?: string;
  readonly json?: true;
}

export const doctor = () =>
  withConnection(new Command('doctor'))
    .description('Name what is wrong with the set-up and how to mend it, whether Midwatch runs or not.')
    .option('-c, --config <file>', 'configuration file (default: midwatch.yaml if it exists)')
    .option('--data <folder>', 'data folder')
    .option('--json', 'print one JSON object')
    .action(run);

async function run(flags: Flags): Promise<void> {
  const clock = systemClock();
  const url = whereToLook(flags);
  const there = await house(flags, url, clock);
  // A running Midwatch has its own environment and folder; this shell's say nothing about it.
  const file = flags.config ?? there.system?.configFile;
  const { findings: read, loaded } =
    there.runs && (file === undefined || there.elsewhere) ? NOT_READ : settings(file, there.runs);
  const folder =
    flags.data ?? there.system?.dataDir ?? (there.runs ? undefined : (loaded?.config.data ?? '.midwatch'));
  const ranBefore = !there.runs && folder !== undefined && existsSync(join(resolve(folder), 'admin.json'));
  const findings = [
    // Said once, as the warning that it is, where it has run before.
    ...there.findings.filter(({ what }) => !ranBefore || what !== nobodyAt(url)),
    ...(there.runs || !loaded ? [] : await freePort(loaded)),
    ...read,
    ...(loaded ? await providersOf(loaded, clock) : []),
    ...(there.runs || !loaded ? [] : await externalDatabase(loaded, clock)),
    ...(folder === undefined || there.elsewhere ? [] : dataFolder(resolve(folder), there.runs, clock)),
    ...machine(clock),
  ];
  if (ranBefore)
    findings.push(
      warn('midwatch', `It has run on ${resolve(folder ?? '')} and does not run now, or not at ${url}`, {
        why: 'Whoever calls models through it gets no answer.',
        remedy: '`midwatch up` starts it; its last log lines say why it ended.',
      }),
    );
  const verdict = verdictOf(findings);
  if (flags.json) printJson({ verdict, running: there.runs, url, findings });
  else print(rendered(findings));
  process.exitCode = EXITS[verdict];
}

const nobodyAt = (url: string): string => `Nothing answers at ${url}`;

/** Where the configuration here says that Midwatch listens, unless the caller says where. */
function whereToLook(flags: Flags): string {
  if (flags.url !== undefined || process.env.MIDWATCH_URL) return urlOf(flags);
  const { host, port } = settings(flags.config, false).loaded?.config.listen ?? { host: '', port: 0 };
  if (port === 0) return urlOf(flags);
  const near = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `http://${near}:${port}`;
}

const NOT_READ: Settings = { findings: [] };

interface House {
  readonly findings: Finding[];
  readonly runs: boolean;
  /** On another machine, so what can be seen here is not its own. */
  readonly elsewhere: boolean;
  readonly system?: SystemView;
}

/** Asks Midwatch itself, if it runs. */
async function house(flags: Flags, url: string, clock: Clock): Promise<House> {
  const elsewhere = !/^https?:\/\/(127\.|localhost|\[::1\])/.test(url);
  const token = tokenOf({ ...flags, url });
  const midwatch = createMidwatch({ baseUrl: url, ...(token !== undefined && { token }) });
  try {
    const found = status(await midwatch.status(), url, clock);
    if (token === undefined)
      return {
        findings: [
          ...found,
          unknown('midwatch', 'Spool, database and memory were not looked at: not logged in', {
            remedy: '`midwatch login` with the admin token that the first start printed.',
          }),
        ],
        runs: true,
        elsewhere,
      };
    try {
      const [view, targets] = await Promise.all([midwatch.system(), midwatch.providers()]);
      return {
        findings: [...found, ...system(view, clock), ...down(targets)],
        runs: true,
        elsewhere,
        system: view,
      };
    } catch (error) {
      if (!(error instanceof MidwatchError)) throw error;
      return {
        findings: [
          ...found,
          unknown('midwatch', `It did not tell about itself: ${error.message}`, { remedy: error.hint }),
        ],
        runs: true,
        elsewhere,
      };
    }
  } catch (error) {
    if (!(error instanceof MidwatchError)) throw error;
    if (error.code === 'unreachable')
      return {
        findings: [
          note('midwatch', nobodyAt(url), {
            remedy: '`midwatch up` starts it; --url says where else to look.',
          }),
        ],
        runs: false,
        elsewhere,
      };
    return {
      findings: [
        bad('midwatch', `What answers at ${url} is not Midwatch`, { why: error.message, remedy: error.hint }),
      ],
      runs: false,
      elsewhere,
    };
  }
}

async function freePort({ config }: LoadedConfig): Promise<Finding[]> {
  const { host, port } = config.listen;
  if (port === 0) return [];
  const why = await bindable(host, port);
  if (why === undefined) return [good('port', `${host}:${port} is free`)];
  if (why !== 'EADDRINUSE')
    return [
      bad('port', `Nobody can listen on ${host}:${port} (${why})`, {
        remedy:
          why === 'EACCES'
            ? 'Choose a port above 1023, or run behind a proxy that owns the low one.'
            : 'Check `listen.host`: it must be an address of this machine.',
      }),
    ];
  const who = listenerOn(port);
  return [
    bad('port', `${host}:${port} is taken${who ? ` by process ${who.pid}: ${who.command}` : ''}`, {
      why: who
        ? 'Midwatch cannot start beside it.'
        : 'The process belongs to another user, so the kernel does not say which.',
      remedy: `Stop it, or choose another port with \`listen.port\` or \`midwatch up --port\`.${who && /main\.ts up|midwatch/.test(who.command) ? ` If it is the Midwatch that you mean, say so: --url http://${host}:${port}.` : ''}`,
    }),
  ];
}

async function externalDatabase({ config }: LoadedConfig, clock: Clock): Promise<Finding[]> {
  const text = process.env.DATABASE_URL || config.database;
  if (!text) return [];
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return [
      bad('database', 'DATABASE_URL is no URL', {
        remedy: 'Write it as postgres://user:password@host:5432/name.',
      }),
    ];
  }
  const port = Number(url.port || 5432);
  const why = await reach(url.hostname, port, 2_000, clock);
  const place = `${url.hostname}:${port}${url.pathname}`;
  return why === undefined
    ? [good('database', `${place} answers; user, password and schema are checked at the start`)]
    : [
        bad('database', `${place} cannot be reached: ${why}`, {
          remedy:
            'Start it or check the network; or unset DATABASE_URL to let Midwatch run its own Postgres.',
        }),
      ];
}

type Verdict = 'good' | 'bad' | 'unknown';
const EXITS: Readonly<Record<Verdict, Exit>> = { good: EXIT.good, bad: EXIT.bad, unknown: EXIT.unknown };
const verdictOf = (findings: readonly Finding[]): Verdict =>
  findings.some((f) => f.level === 'bad')
    ? 'bad'
    : findings.some((f) => f.level === 'unknown')
      ? 'unknown'
      : 'good';

const LOOKS: Readonly<Record<Finding['level'], { readonly glyph: string; readonly paint: Paint }>> = {
  bad: { glyph: '✗', paint: red },
  unknown: { glyph: '?', paint: yellow },
  warn: { glyph: '▲', paint: yellow },
  note: { glyph: '◇', paint: cyan },
  good: { glyph: '●', paint: green },
};
const WORST_FIRST = ['bad', 'unknown', 'warn', 'note', 'good'] as const;

function rendered(findings: readonly Finding[]): string {
  const most = Math.max(...findings.map((f) => f.area.length));
  const indent = ' '.repeat(most + 4);
  const lines = WORST_FIRST.flatMap((level) =>
    findings
      .filter((f) => f.level === level)
      .flatMap(({ area, what, why, remedy }) => {
        const { glyph, paint } = LOOKS[level];
        const quiet = level === 'good';
        return [
          `${paint(glyph)} ${dim(pad(area, most))}  ${quiet ? dim(what) : level === 'note' ? what : bold(paint(what))}`,
          ...(why === undefined ? [] : [`${indent}${why}`]),
          ...(remedy === undefined ? [] : [`${indent}${dim('→')} ${typed(remedy)}`]),
        ];
      }),
  );
  const tally = (['bad', 'unknown', 'warn', 'note'] as const)
    .map((level) => [level, findings.filter((f) => f.level === level).length] as const)
    .filter(([, n]) => n > 0)
    .map(([level, n]) => LOOKS[level].paint(TALLY[level](n)));
  return [...lines, '', tally.length > 0 ? tally.join(', ') : green('nothing is wrong')].join('\n');
}

const TALLY = {
  bad: (n: number) => `${n} to mend`,
  unknown: (n: number) => `${n} not known`,
  warn: (n: number) => plural(n, 'warning'),
  note: (n: number) => plural(n, 'note'),
} as const;
