import type { ExchangeRow } from '@midwatch/contracts';
import { plural } from '@midwatch/contracts/say';
import { DropdownMenu } from 'radix-ui';
import { copyText } from '../../parts/Copy.tsx';
import { MoreIcon } from '../../parts/icons.tsx';
import { toCsv, toNdjson } from './takeaway.ts';

/** What is shown, to take into a sheet or a script. */
export function TakeAway({ rows }: { readonly rows: readonly ExchangeRow[] }) {
  const what = plural(rows.length, 'exchange');
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className="icon-button" aria-label="Copy the list">
        <MoreIcon />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={4}>
          <DropdownMenu.Item
            className="menu-item"
            disabled={rows.length === 0}
            onSelect={() => void copyText(toCsv(rows), `${what} as CSV`)}
          >
            Copy {what} as CSV
          </DropdownMenu.Item>
          <DropdownMenu.Item
            className="menu-item"
            disabled={rows.length === 0}
            onSelect={() => void copyText(toNdjson(rows), `${what} as NDJSON`)}
          >
            Copy {what} as NDJSON
          </DropdownMenu.Item>
          <DropdownMenu.Item className="menu-item" onSelect={() => void copyText(location.href, 'the link')}>
            Copy link to this list
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
