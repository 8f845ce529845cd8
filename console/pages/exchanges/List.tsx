import type { ExchangeRow } from '@midwatch/contracts';
import { plural } from '@midwatch/contracts/say';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { useNarrow } from '../../parts/narrow.ts';
import { useKeepPlace } from './keepPlace.ts';
import { Line } from './Line.tsx';
import { SearchedTo } from './Searching.tsx';

const COLUMNS = [
  'Outcome',
  'Time',
  'Route',
  'Model',
  'Tries',
  'First token',
  'Total',
  'Tokens',
  'Cost',
  'Note',
] as const;
const LINE = 34;
const LINE_NARROW = 58;
/** The head sticks to the top of the list and covers what scrolls under it. A narrow screen has none. */
const HEAD = 30;

/** Only the lines in view exist. Readers are told the true number of rows and which ones they hear. */
export function List({
  rows,
  chosen,
  startAt,
  following,
  onScroll,
  onChoose,
  onOpen,
  onEnd,
  end,
  searched,
}: {
  readonly rows: readonly ExchangeRow[];
  readonly chosen: string | undefined;
  readonly startAt: number;
  readonly following: boolean;
  readonly onScroll: (top: number) => void;
  readonly onChoose: (id: string) => void;
  readonly onOpen: (id: string) => void;
  readonly onEnd: () => void;
  readonly end: 'more' | 'end' | 'failed';
  /** How far back has been looked, where that is further than the last line; changes as the search goes on. */
  readonly searched: number | undefined;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const isNarrow = useNarrow();
  const size = isNarrow ? LINE_NARROW : LINE;
  const head = isNarrow ? 0 : HEAD;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => size,
    overscan: 12,
    scrollMargin: head,
    scrollPaddingStart: head,
    initialOffset: startAt,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the lines are measured again when their height changes
  useEffect(() => virtual.measure(), [virtual, size]);

  const above = useKeepPlace(rows, scroller, size);
  const lines = virtual.getVirtualItems();
  const lastLine = lines.at(-1)?.index ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: asks again whenever the last line in view moves
  useEffect(() => {
    if (end === 'more' && lastLine >= rows.length - 30) onEnd();
  }, [lastLine, rows.length, end, searched]);

  // One line of the list can be reached by Tab; from there j, k and Enter lead on.
  const entry = chosen ?? rows[0]?.id;
  const chosenAt = rows.findIndex((row) => row.id === chosen);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new choice moves the list, not a row that comes in
  useEffect(() => {
    if (chosenAt >= 0) virtual.scrollToIndex(chosenAt, { align: 'auto' });
  }, [chosen]);

  return (
    <div className="list-frame">
      {above > 0 ? (
        <button type="button" className="list-above" onClick={() => scroller.current?.scrollTo({ top: 0 })}>
          ↑ {plural(above, 'new exchange')}
        </button>
      ) : null}
      <div ref={scroller} className="list" onScroll={(event) => onScroll(event.currentTarget.scrollTop)}>
        <table aria-label="Exchanges" aria-rowcount={end === 'end' ? rows.length + 1 : -1}>
          <thead>
            <tr aria-rowindex={1} className="list-head">
              {COLUMNS.map((name) => (
                <th key={name} scope="col" className={`c-${name.toLowerCase().replace(' ', '-')}`}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="list-lines" style={{ height: virtual.getTotalSize() }}>
            {lines.map((line) => {
              const row = rows[line.index];
              return row ? (
                <Line
                  key={row.id}
                  row={row}
                  index={line.index}
                  top={line.start - head}
                  height={line.size}
                  chosen={row.id === chosen}
                  entry={row.id === entry}
                  fresh={following}
                  onChoose={onChoose}
                  onOpen={onOpen}
                />
              ) : null;
            })}
          </tbody>
        </table>
        <p className="list-end quiet" role="status">
          {end === 'more' && searched !== undefined ? <SearchedTo at={searched} /> : END[end]}
        </p>
      </div>
    </div>
  );
}

const END = {
  more: 'Loading older exchanges …',
  failed: 'Older exchanges could not be loaded; scroll to try again.',
  end: 'This is the oldest one.',
} as const;
