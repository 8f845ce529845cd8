import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import {
  type CassetteDesk,
  keepProofs,
  loadConfig,
  nodeCassetteFiles,
  openCassettes,
  proofsOf,
  readKept,
  roundOf,
  sayDrift,
  UNPRICED,
} from '#app';
import type { CassetteProof, TransportRequest } from '#contracts';
import { ago, count, dollars, percent, plural, shortHash } from '#contracts/say';
import { systemClock } from '#kernel';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { CliError, EXIT, type Exit } from './exit.ts';
import { self, typed } from './self.ts';
import { facts, table } from './table.ts';
import { bold, dim, green, print, printJson, red, yellow } from './terminal.ts';

interface Flags {
  readonly folder: string;
  readonly config?: string;
  readonly json?: true;
}
interface VerifyFlags extends Flags {
  readonly sample: string;
  readonly maxUsd: string;
  readonly dryRun?: true;
}
interface DiffFlags extends Flags, ConnectionFlags {
  readonly path: string;
  readonly exchange?: true;
}
interface AcceptFlags extends Flags {
  readonly note: string;
}

const clock = systemClock();

const withFolder = (command: Command): Command =>
  command
    .option('--folder <folder>', 'where the cassettes are', 'cassettes')
    .addOption(new Option('-c, --config <file>', 'configuration file (default: midwatch.yaml if it exists)'))
    .option('--json', 'print JSON: one object a line');

export const cassettes = () =>
  new Command('cassettes')
    .description(
      'Recorded answers of providers: what is there, what no longer fits, what waits for a reviewer.',
    )
    .addCommand(withFolder(new Command('list').description('Every cassette of the folder.')).action(list))
    .addCommand(
      withFolder(
        new Command('verify')
          .description(
            'Ask a sample of the questions again, live and paid, and tell which answers no longer look like their cassette: shape, reason for the end, model, tools, never words. The cost is declared first. Exits 1 when one drifted, 3 when nothing could be compared.',
          )
          .option('--sample <share>', 'how many: a share as 5%, or a number', '5%')
          .option('--max-usd <dollars>', 'ask nothing when the sample may cost more than this', '1')
          .option('--dry-run', 'declare the cost and ask nothing'),
      ).action(verify),
    )
    .addCommand(
      withConnection(
        withFolder(
          new Command('diff')
            .description(
              'Why a question misses: the cassette most like it and each field that differs. Or how an answer that waits for a reviewer differs from the one on file. Exits 1 when something differs.',
            )
            .argument(
              '<what>',
              'file with the body of a request, - for standard input, or the key of a cassette',
            )
            .option('--path <path>', 'endpoint that the body is for', '/v1/chat/completions')
            .option('--exchange', 'the argument is the id of an exchange, whose ask is fetched'),
        ),
      ).action(diff),
    )
    .addCommand(
      withConnection(
        new Command('waste')
          .description(
            'What exchanges that are no production (`development:` in midwatch.yaml) paid for questions that had been asked before. Exits 3 when nobody is declared, or nothing was paid.',
          )
          .option('--days <n>', 'how far back', '30')
          .option('--json', 'print one JSON object'),
      ).action(waste),
    )
    .addCommand(
      withFolder(
        new Command('accept')
          .description("Make the answers that wait the recorded ones, with a reviewer's note.")
          .argument('<key>', 'key of the cassette, or its beginning')
          .requiredOption('--note <text>', 'why the new answer is right'),
      ).action(accept),
    );

function desk({ folder, config }: Flags): CassetteDesk {
  const cwd = process.cwd();
  const loaded = loadConfig({ cwd, env: process.env, ...(config !== undefined && { file: config }) });
  return openCassettes(resolve(cwd, folder), loaded.config, clock);
}

/** Runs with a desk and closes its connections. */
async function at<T>(flags: Flags, work: (desk: CassetteDesk) => T | Promise<T>): Promise<T> {
  const opened = desk(flags);
  try {
    return await work(opened);
  } finally {
    opened.close();
  }
}

const list = (flags: Flags) =>
  at(flags, ({ rack }) => {
    const all = rack.list();
    if (flags.json) {
      const proofs = readKept(nodeCassetteFiles(flags.folder))?.proofs ?? [];
      for (const one of all) {
        const proof = proofs.find(({ key }) => key === one.key);
        printJson({ ...one, ...(proof && { proof }) });
      }
      return;
    }
    if (all.length === 0) {
      print(typed(`no cassette in ${flags.folder}: \`midwatch up --record\` makes them`));
      return;
    }
    const now = clock.now();
    const kept = readKept(nodeCassetteFiles(flags.folder));
    const proofs = new Map(kept?.proofs.map((proof) => [proof.key, proof]));
    print(
      table(
        [
          { title: 'key' },
          { title: 'path' },
          { title: 'model' },
          { title: 'takes', align: 'right' },
          { title: 'recorded' },
          { title: 'paid', align: 'right' },
          { title: 'release' },
          { title: 'asked again' },
          { title: '' },
        ],
        all.map(({ key, path, model, takes, failures, recordedAt, bill, releases, proposed, trouble }) => [
          bold(key.slice(0, 10)),
          path,
          model ?? '',
          failures > 0 ? `${count(takes)}, ${count(failures)} failed` : count(takes),
          recordedAt === undefined ? '' : ago(recordedAt, now),
          bill ? dollars(bill.microUsd) : dim('unknown'),
          releases.map(shortHash).join(' '),
          askedAgain(proofs.get(key), now),
          trouble !== undefined ? red(trouble) : proposed ? yellow('waits for review') : '',
        ]),
      ),
    );
    if (kept) print(dim(`verified ${ago(kept.at, now)}: ${kept.says}`));
  });

/** How far the answer of a cassette has moved, as it was last known. */
function askedAgain(proof: CassetteProof | undefined, now: number): string {
  if (!proof) return dim('never');
  const { verdict, distance = 0, at } = proof;
  const when = ago(at, now);
  if (verdict === 'unknown') return yellow(`unknown ${when}`);
  return verdict === 'drifted' ? red(`moved by ${distance.toFixed(2)} ${when}`) : `fresh ${when}`;
}

function sampleOf(text: string): number {
  const share = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  const sample = share === undefined ? Number(text) : Number(share) / 100;
  if (Number.isFinite(sample) && sample > 0 && (share === undefined || sample <= 1))
    // A check reads a share of 1 as one cassette.
    return share !== undefined && sample === 1 ? Number.MAX_SAFE_INTEGER : sample;
  throw new CliError(`--sample ${text} is neither a share nor a number.`, 'Write 5% or 20.', EXIT.usage);
}

const verify = (flags: VerifyFlags) =>
  at(flags, async ({ rack, verify }) => {
    const all = rack.list();
    const sample = sampleOf(flags.sample);
    const n = Math.min(all.length, sample < 1 ? Math.ceil(sample * all.length) : Math.floor(sample));
    // Which of them is drawn later: the dearest are what it can come to.
    const prices = all.map(({ bill, takes }) => (bill ? bill.microUsd / Math.max(1, takes) : UNPRICED));
    const worst = prices
      .toSorted((a, b) => b - a)
      .slice(0, n)
      .reduce((sum, price) => sum + price, 0);
    const limit = Number(flags.maxUsd) * 1e6;
    const declared = `${plural(n, 'cassette')} of ${count(all.length)} are asked again, which costs at most about ${dollars(worst)}`;
    if (!flags.json) print(dim(declared));
    if (n === 0) {
      process.exitCode = EXIT.unknown;
      return;
    }
    if (!(worst <= limit))
      throw new CliError(
        `${declared}, more than --max-usd ${flags.maxUsd}.`,
        'Take a smaller --sample, or allow more.',
      );
    if (flags.dryRun) return;
    const report = await verify(sample, limit);
    const drifted = report.cassettes.filter(({ verdict }) => verdict === 'drifted');
    const known = report.cassettes.filter(({ verdict }) => verdict !== 'unknown');
    const round = roundOf(report, all.length, clock.now());
    const keys = all.map(({ key }) => key);
    if (known.length > 0)
      keepProofs(nodeCassetteFiles(flags.folder), round, proofsOf(report, round.at), keys);
    if (flags.json) for (const one of report.cassettes) printJson(one);
    else {
      for (const { key, path, verdict, reason, drift, distance, age } of report.cassettes) {
        const mark = verdict === 'fresh' ? green('●') : verdict === 'drifted' ? red('✗') : yellow('?');
        print(
          `${mark} ${bold(key.slice(0, 10))} ${path} ${dim(`recorded ${ago(clock.now() - age, clock.now())}`)}`,
        );
        if (reason) print(`  ${reason}`);
        if (drift) print(`  ${dim(`moved by ${distance?.toFixed(2)}:`)} ${sayDrift(drift)}`);
      }
      print(round.says);
    }
    process.exitCode = verdictOf(known.length, drifted.length);
  });

const verdictOf = (known: number, drifted: number): Exit =>
  drifted > 0 ? EXIT.bad : known === 0 ? EXIT.unknown : EXIT.good;

const KEY = /^[0-9a-f]{6,32}$/;

const diff = (what: string, flags: DiffFlags) =>
  at(flags, async ({ rack }) => {
    if (KEY.test(what) && !flags.exchange) return waiting(rack, what, flags);
    const body = flags.exchange ? await askOf(what, flags) : read(what);
    const request: TransportRequest = {
      url: `https://unknown.invalid${flags.path}`,
      method: 'POST',
      headers: {},
      body: new TextEncoder().encode(body),
    };
    const near = rack.miss(request);
    process.exitCode = near.hit ? EXIT.good : near.nearest === undefined ? EXIT.unknown : EXIT.bad;
    if (flags.json) return printJson(near);
    if (near.hit) return print(`${green('●')} on file as ${bold(near.key)}`);
    if (near.nearest === undefined) return print(`${yellow('?')} nothing like it is on file`);
    print(`${red('✗')} misses; nearest is ${bold(near.nearest)}`);
    print(
      facts(
        near.differences.map(({ path, recorded = 'nothing', asked = 'nothing' }) => [
          path,
          `${recorded} ${dim('→')} ${asked}`,
        ]),
      ),
    );
  });

async function askOf(id: string, flags: ConnectionFlags): Promise<string> {
  const { midwatch } = await connect(flags);
  return JSON.stringify(await midwatch.exchanges.ask(id));
}

function read(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new CliError(
      `${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      'Give a file with the body of a request, or the key of a cassette.',
      EXIT.usage,
    );
  }
}

function keyOf({ find }: CassetteDesk['rack'], beginning: string): string {
  const found = find(beginning);
  if (found.ok) return found.value;
  throw new CliError(found.error, '`midwatch cassettes list` shows the keys.');
}

function waiting(rack: CassetteDesk['rack'], beginning: string, flags: Flags): void {
  const key = keyOf(rack, beginning);
  const proposal = rack.proposal(key);
  if (!proposal.ok) throw new CliError(proposal.error, 'Mend or remove the file.');
  const { value } = proposal;
  if (value) process.exitCode = EXIT.bad;
  if (flags.json) {
    printJson({ key, ...value });
    return;
  }
  if (!value) {
    print(`no other answer waits for ${bold(key)}`);
    return;
  }
  for (const { occurrence, drift, was, is } of value.occurrences) {
    print(
      `${bold(`answer ${occurrence + 1}`)} ${drift ? sayDrift(drift) : 'looks the same; its words differ'}`,
    );
    print(`${red('-')} ${was}\n${green('+')} ${is}`);
  }
  print(dim(`→ ${self} cassettes accept ${key.slice(0, 10)} --note "why"`));
}

const accept = (beginning: string, flags: AcceptFlags) =>
  at(flags, ({ rack }) => {
    const key = keyOf(rack, beginning);
    const accepted = rack.accept(key, flags.note);
    if (!accepted.ok) throw new CliError(accepted.error, 'Mend or remove the file.');
    if (!accepted.value)
      throw new CliError(
        `No other answer waits for ${key}.`,
        '`midwatch up --record` puts different answers aside for review.',
      );
    if (flags.json) printJson({ key, accepted: true, note: flags.note });
    else print(`${green('●')} ${bold(key)} now answers with what waited`);
  });

interface WasteFlags extends ConnectionFlags {
  readonly days: string;
  readonly json?: true;
}

const DAY = 86_400_000;

async function waste(flags: WasteFlags): Promise<void> {
  const to = clock.now() + 1;
  const { midwatch } = await connect(flags);
  const report = await midwatch.waste({ from: to - Number(flags.days) * DAY, to });
  if (report.undeclared || report.microUsd === 0) process.exitCode = EXIT.unknown;
  if (flags.json) {
    printJson(report);
    return;
  }
  if (report.undeclared) {
    print('nobody is declared as development: write `development: { keys: [ci] }` into midwatch.yaml');
    return;
  }
  if (report.microUsd === 0) {
    print('nothing was paid that is no production');
    return;
  }
  print(
    table(
      [
        { title: 'route' },
        { title: 'model' },
        { title: 'paid', align: 'right' },
        { title: 'asked before', align: 'right' },
        { title: 'wasted', align: 'right' },
        { title: 'but for names', align: 'right' },
      ],
      report.rows.map(({ route, model, microUsd, exchanges, repeats, repeatsMicroUsd, alikeMicroUsd }) => [
        bold(route),
        model,
        dollars(microUsd),
        `${count(repeats)} of ${count(exchanges)}`,
        dollars(repeatsMicroUsd),
        dollars(alikeMicroUsd),
      ]),
    ),
  );
  const { microUsd, repeatsMicroUsd, alikeMicroUsd } = report;
  print(
    `${dollars(repeatsMicroUsd)} of ${dollars(microUsd)} (${percent(repeatsMicroUsd / microUsd)}) paid for what had been asked before, at least`,
  );
  if (alikeMicroUsd > repeatsMicroUsd)
    print(
      `${dollars(alikeMicroUsd)} (${percent(alikeMicroUsd / microUsd)}) with questions that differ beside their messages, tools, schema and sampling, as in user or metadata`,
    );
  print(dim(`→ ${self} up --auto asks each question once`));
}
