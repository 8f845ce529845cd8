import type { Midwatch } from '#sdk';
import { CliError } from './exit.ts';

const WHOLE = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** How far back a shortened id is looked for. */
const RECENT = 500;

/** A whole id, the last characters of one as `tail` shows them, or `last`. */
export async function findExchange(midwatch: Midwatch, wanted: string): Promise<string> {
  if (WHOLE.test(wanted)) return wanted.toLowerCase();
  if (wanted !== 'last' && !/^[0-9a-f-]{4,}$/i.test(wanted))
    throw new CliError(
      `"${wanted}" is no exchange id.`,
      'Give the id (header x-midwatch-exchange), its last characters as `midwatch tail` shows them, or `last`.',
    );
  const { rows } = await midwatch.exchanges.list({ limit: wanted === 'last' ? 1 : RECENT });
  const found = wanted === 'last' ? rows : rows.filter((row) => row.id.endsWith(wanted.toLowerCase()));
  if (found.length === 1 && found[0]) return found[0].id;
  if (found.length > 1)
    throw new CliError(`${found.length} exchanges end in "${wanted}".`, 'Give more of the id.');
  throw wanted === 'last'
    ? new CliError('No exchange is recorded yet.', 'Send one; `midwatch up` prints a line that works.')
    : new CliError(
        `None of the last ${rows.length} exchanges ends in "${wanted}".`,
        'Give the whole id, or look it up in the console.',
      );
}
