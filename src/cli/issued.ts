import { InvalidArgumentError } from 'commander';
import { duration } from '#contracts';
import { ago } from '#contracts/say';
import { CliError } from './exit.ts';
import { day } from './format.ts';
import { green, red, yellow } from './terminal.ts';

/** What keys of the data plane and tokens of the control plane have in common: a name, a hint, an end. */
interface Issued {
  readonly id: string;
  readonly name: string;
  readonly hint: string;
  readonly expiresAt?: number;
  readonly revokedAt?: number;
}

const SOON = 7 * 86_400_000;

export function future(text: string): number {
  const parsed = duration.safeParse(text);
  if (!parsed.success || parsed.data === 0)
    throw new InvalidArgumentError('write a duration like 12h or 90d.');
  return parsed.data;
}

export function stateOf({ revokedAt, expiresAt }: Issued, now: number): string {
  if (revokedAt !== undefined) return red(`revoked ${ago(revokedAt, now)}`);
  if (expiresAt === undefined) return green('valid');
  if (expiresAt <= now) return red(`expired ${day(expiresAt)}`);
  return (expiresAt - now < SOON ? yellow : green)(`until ${day(expiresAt)}`);
}

/** By id, name or first characters. @throws CliError when it is none or could be several. */
export function findIssued<T extends Issued>(what: 'key' | 'token', all: readonly T[], wanted: string): T {
  const exact = all.filter((one) => one.id === wanted);
  // A name may be used again once its bearer is revoked; the living one is meant.
  const named = all.filter((one) => one.name === wanted && one.revokedAt === undefined);
  const begun = all.filter(
    (one) =>
      wanted.length >= 4 && (one.id.startsWith(wanted) || one.hint.startsWith(wanted.replace('…', ''))),
  );
  const found = [exact, named, begun].find((list) => list.length > 0) ?? [];
  const [only] = found;
  if (only && found.length === 1) return only;
  throw found.length === 0
    ? new CliError(`No ${what} is called "${wanted}".`, `\`midwatch ${what}s list\` shows all of them.`)
    : new CliError(
        `"${wanted}" could be ${found.map((one) => `${one.name} (${one.id})`).join(' or ')}.`,
        'Give the id.',
      );
}
