import type { ExchangeRow } from '@midwatch/contracts';
import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from 'react';
import { compact, costText, duration, plural } from '../../parts/format.ts';
import { compareModel } from '../../parts/models.ts';
import { Outcome } from '../../parts/Outcome.tsx';
import { Time } from '../../parts/Time.tsx';

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

const narrow = matchMedia('(max-width: 760px)');
const useNarrow = (): boolean =>
  useSyncExternalStore(
    (watcher) => {
      narrow.addEventListener('change', watcher);
      return () => narrow.removeEventListener('change', watcher);
    },
    () => narrow.matches,
  );

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
  }, [lastLine, rows.length, end]);

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
          {END[end]}
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

const Line = memo(function Line({
  row,
  index,
  top,
  height,
  chosen,
  entry,
  fresh,
  onChoose,
  onOpen,
}: {
  readonly row: ExchangeRow;
  readonly index: number;
  readonly top: number;
  readonly height: number;
  readonly chosen: boolean;
  readonly entry: boolean;
  readonly fresh: boolean;
  readonly onChoose: (id: string) => void;
  readonly onOpen: (id: string) => void;
}) {
  const { model, servedModel } = row;
  // An alias that was only resolved is in the title; another model is worth the space.
  const served =
    servedModel !== undefined && compareModel(model, servedModel) === 'other' ? servedModel : undefined;
  const link = useRef<HTMLAnchorElement>(null);
  // Focus follows the choice, so that Enter opens it and a reader hears it; but never out of a field somebody types in.
  useEffect(() => {
    const { activeElement } = document;
    if (chosen && !(activeElement instanceof HTMLInputElement)) link.current?.focus({ preventScroll: true });
  }, [chosen]);
  return (
    // The link inside is what keys and readers use; the row only widens its target.
    <tr
      aria-rowindex={index + 2}
      data-chosen={chosen || undefined}
      className={fresh ? 'line line-fresh' : 'line'}
      style={{ transform: `translateY(${top}px)`, height }}
      onMouseDown={() => onChoose(row.id)}
      onClick={(event) => {
        const held = event.metaKey || event.ctrlKey || event.shiftKey;
        if (held || (event.target instanceof Element && event.target.closest('a'))) return;
        onOpen(row.id);
      }}
    >
      <td className="c-outcome">
        <Link
          ref={link}
          to="/exchanges/$id"
          params={{ id: row.id }}
          tabIndex={entry ? 0 : -1}
          aria-current={chosen ? true : undefined}
        >
          <Outcome outcome={row.outcome} />
        </Link>
      </td>
      <td className="c-time">
        <Time at={row.at} />
      </td>
      <td className="c-route">{row.route}</td>
      <td className="c-model" title={servedModel ? `${model}, served as ${servedModel}` : model}>
        {model}
        {served ? <span className="quiet"> → {served}</span> : null}
      </td>
      <td
        className="c-tries num"
        title={
          row.failure ? `${plural(row.attempts, 'attempt')}, ${row.failure}` : plural(row.attempts, 'attempt')
        }
      >
        {row.attempts > 1 ? `${row.attempts}×` : <span className="quiet">1</span>}
      </td>
      <td className="c-first-token num">{duration(row.firstTokenMs)}</td>
      <td className="c-total num">{duration(row.totalMs)}</td>
      <td className="c-tokens num" title={`${row.tokensIn} tokens in, ${row.tokensOut} out`}>
        {compact(row.tokensIn)} <span className="quiet">→</span> {compact(row.tokensOut)}
      </td>
      <td className={row.costState === 'unpriced' ? 'c-cost num is-broken-text' : 'c-cost num'}>
        {costText(row.microUsd, row.costState)}
      </td>
      <td className="c-note" title={row.feature ?? row.user ?? ''}>
        {row.failure ? (
          <span className="is-broken-text">{row.failure.replaceAll('_', ' ')}</span>
        ) : (
          (row.feature ?? row.user ?? row.task ?? '')
        )}
      </td>
    </tr>
  );
});

/**
 * Rows that come in above must not push away the line somebody reads: while the list is scrolled down, it moves along by
 * as much. Returns how many came in unseen.
 */
const useKeepPlace = (
  rows: readonly ExchangeRow[],
  scroller: { readonly current: HTMLDivElement | null },
  size: number,
): number => {
  const top = useRef(rows[0]?.id);
  const [above, setAbove] = useState(0);
  useLayoutEffect(() => {
    const was = top.current;
    const first = rows[0]?.id;
    if (was === first) return;
    top.current = first;
    const added = rows.findIndex((row) => row.id === was);
    const element = scroller.current;
    if (added <= 0 || !element || element.scrollTop < size) {
      setAbove(0);
      return;
    }
    element.scrollTop += added * size;
    setAbove((before) => before + added);
  }, [rows, scroller, size]);
  useEffect(() => {
    const element = scroller.current;
    const seen = (): void => {
      if (element && element.scrollTop < size) setAbove(0);
    };
    element?.addEventListener('scroll', seen, { passive: true });
    return () => element?.removeEventListener('scroll', seen);
  }, [scroller, size]);
  return above;
};
