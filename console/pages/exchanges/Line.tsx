import type { ExchangeRow } from '@midwatch/contracts';
import { compact, cost, plural, span } from '@midwatch/contracts/say';
import { Link } from '@tanstack/react-router';
import { memo, useEffect, useRef } from 'react';
import { compareModel } from '../../parts/models.ts';
import { Outcome } from '../../parts/Outcome.tsx';
import { Time } from '../../parts/Time.tsx';

export const Line = memo(function Line({
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
      <td className="c-route">{row.route === '-' ? <span className="quiet">no route</span> : row.route}</td>
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
        {row.attempts > 1 ? `${row.attempts}×` : <span className="quiet">{row.attempts}</span>}
      </td>
      <td className="c-first-token num">{span(row.firstTokenMs)}</td>
      <td className="c-total num">{span(row.totalMs)}</td>
      <td className="c-tokens num" title={`${row.tokensIn} tokens in, ${row.tokensOut} out`}>
        {compact(row.tokensIn)} <span className="quiet">→</span> {compact(row.tokensOut)}
      </td>
      <td className={row.costState === 'unpriced' ? 'c-cost num is-broken-text' : 'c-cost num'}>
        {cost(row.microUsd, row.costState)}
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
