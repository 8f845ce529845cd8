import { Command, InvalidArgumentError } from 'commander';
import type { AuditEntry } from '#contracts';
import { NONE } from '#contracts/say';
import { systemClock } from '#kernel';
import { type ConnectionFlags, connect, withConnection } from './connect.ts';
import { millis } from './flags.ts';
import { timestamp } from './format.ts';
import { table } from './table.ts';
import { bold, dim, print, printJson } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly actor?: string;
  readonly action?: string;
  readonly since?: number;
  readonly limit: number;
  readonly json?: true;
}

const PAGE = 500;

export const audit = () =>
  withConnection(new Command('audit'))
    .description('Who changed what, newest first: logins, keys and tokens made and revoked.')
    .option('--actor <name>', 'only what this token did; `admin` is the admin token')
    .option('--action <action>', 'only this, for instance key.revoke')
    .option('--since <duration>', 'only what is younger, for instance 12h', millis)
    .option('--limit <number>', 'at most so many', most, 50)
    .option('--json', 'print one JSON object an entry')
    .action(run);

async function run({ actor, action, since, limit, ...flags }: Flags): Promise<void> {
  const { midwatch } = await connect(flags);
  const found: AuditEntry[] = [];
  let cursor: string | undefined;
  do {
    const page = await midwatch.audit({
      limit: Math.min(PAGE, limit - found.length),
      ...(actor !== undefined && { actor }),
      ...(action !== undefined && { action }),
      ...(since !== undefined && { from: systemClock().now() - since }),
      ...(cursor !== undefined && { cursor }),
    });
    found.push(...page.rows);
    cursor = page.next;
  } while (cursor !== undefined && found.length < limit);
  if (flags.json) for (const entry of found) printJson(entry);
  else print(found.length === 0 ? 'nothing of that kind was changed' : listed(found));
}

const listed = (entries: readonly AuditEntry[]): string =>
  table(
    [{ title: 'when' }, { title: 'who' }, { title: 'what' }, { title: 'name' }, { title: 'subject' }],
    entries.map(({ at, actor, action, subject, detail }) => [
      timestamp(at),
      bold(actor),
      action,
      nameIn(detail),
      dim(subject ?? NONE),
    ]),
  );

/** The name of what was changed, where the entry holds one. */
function nameIn(detail: unknown): string {
  const name = (detail as { name?: unknown } | undefined)?.name;
  return typeof name === 'string' ? name : '';
}

function most(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('write a whole number from 1.');
  return n;
}
