import type { ExchangeFilter } from '@midwatch/contracts';
import { useQuery } from '@tanstack/react-query';
import { type Ref, useId, useState } from 'react';
import { FILTER_FIELDS, filterTokens, readToken } from '../../data/filters.ts';
import { routesQuery } from '../../data/queries.ts';
import { clockTime, day } from '../../parts/format.ts';
import { CloseIcon, SearchIcon } from '../../parts/icons.tsx';
import { suggest } from './suggest.ts';

/** One box, `field:value`, chips for what is in force. Offers fields first, then the values it knows. */
export function FilterBox({
  filter,
  onChange,
  ref,
}: {
  readonly filter: ExchangeFilter;
  readonly onChange: (filter: ExchangeFilter) => void;
  readonly ref: Ref<HTMLInputElement>;
}) {
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const [wrong, setWrong] = useState(false);
  const list = useId();
  const routes = useQuery(routesQuery);
  const offers = suggest(text, { route: (routes.data ?? []).map((route) => route.name) });
  const shown = open && offers.length > 0;

  const put = (token: string): void => {
    const part = readToken(token);
    setWrong(!part && token.trim() !== '');
    if (!part) return;
    onChange({ ...filter, ...part });
    setText('');
    setAt(-1);
  };
  const take = (offer: string): void => {
    // A field alone still wants its value; keep the box open for it.
    if (offer.endsWith(':')) {
      setText(offer);
      setAt(-1);
    } else put(offer);
  };
  const without = (...names: readonly (keyof ExchangeFilter)[]): void => {
    const next: Record<string, unknown> = { ...filter };
    for (const name of names) delete next[name];
    onChange(next as ExchangeFilter);
  };

  return (
    <search className="filter" aria-label="Filter exchanges">
      <SearchIcon />
      <ul className="chips" aria-label="Filters in force">
        {filter.from !== undefined || filter.to !== undefined ? (
          <Chip name="time" value={boundsText(filter)} onRemove={() => without('from', 'to')} />
        ) : null}
        {filterTokens(filter).map((token) => (
          <Chip key={token.name} name={token.name} value={token.value} onRemove={() => without(token.name)} />
        ))}
      </ul>
      <div className="filter-entry">
        <input
          ref={ref}
          className="filter-input"
          role="combobox"
          aria-label="Add a filter, for instance outcome:bad"
          aria-expanded={shown}
          aria-controls={list}
          aria-autocomplete="list"
          aria-invalid={wrong ? true : undefined}
          aria-activedescendant={shown && at >= 0 ? `${list}-${at}` : undefined}
          placeholder="Filter: outcome:bad  slower:2s  route:…"
          spellCheck={false}
          autoComplete="off"
          value={text}
          onFocus={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onChange={(event) => {
            setText(event.target.value);
            setWrong(false);
            setAt(-1);
            setOpen(true);
          }}
          onKeyDown={(event) => {
            const offer = offers[at];
            if (event.key === 'ArrowDown') setAt((was) => Math.min(was + 1, offers.length - 1));
            else if (event.key === 'ArrowUp') setAt((was) => Math.max(was - 1, -1));
            else if (event.key === 'Enter') offer ? take(offer.text) : put(text);
            else if (event.key === 'Tab' && text !== '' && offers[0] && !event.shiftKey)
              take((offer ?? offers[0]).text);
            else if (event.key === 'Escape') {
              setText('');
              event.currentTarget.blur();
            } else if (event.key === 'Backspace' && text === '') {
              const last = filterTokens(filter).at(-1);
              if (last) without(last.name);
              return;
            } else return;
            event.preventDefault();
          }}
        />
        {shown ? (
          <div className="offers" role="listbox" id={list} aria-label="Filters to choose from">
            {offers.map((offer, index) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the input, which names the active option
              <div
                key={offer.text}
                id={`${list}-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === at}
                className="offer"
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => take(offer.text)}
              >
                <span>{offer.text}</span>
                <span className="quiet">{offer.says}</span>
              </div>
            ))}
          </div>
        ) : null}
      </div>
      {wrong ? (
        <p className="filter-wrong" role="alert">
          Not a filter. Write field:value, for instance slower:2s or dearer:$0.01; fields are{' '}
          {FILTER_FIELDS.map((field) => field.name).join(', ')}.
        </p>
      ) : null}
      <kbd className="filter-key" title="Press / to filter">
        /
      </kbd>
    </search>
  );
}

function Chip({
  name,
  value,
  onRemove,
}: {
  readonly name: string;
  readonly value: string;
  readonly onRemove: () => void;
}) {
  return (
    <li className="chip">
      <span className="quiet">{name}</span>
      <span className="chip-value">{value}</span>
      <button type="button" aria-label={`Remove filter ${name} ${value}`} onClick={onRemove}>
        <CloseIcon />
      </button>
    </li>
  );
}

const boundsText = ({ from, to }: ExchangeFilter): string => {
  const moment = (at: number): string => `${day(at).slice(5)} ${clockTime(at).slice(0, 5)}`;
  if (from === undefined) return to === undefined ? '' : `until ${moment(to)}`;
  return to === undefined ? `from ${moment(from)}` : `${moment(from)} – ${moment(to)}`;
};
