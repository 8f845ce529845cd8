import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useId, useState } from 'react';
import { routesQuery } from '../data/queries.ts';
import { copyText } from './Copy.tsx';
import { Dialog } from './Dialog.tsx';
import { matches } from './match.ts';
import { PLACES } from './Shell.tsx';
import { setTheme, THEMES } from './theme.ts';

interface Command {
  readonly name: string;
  readonly group: string;
  readonly run: () => void;
}
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function Palette({ onClose, onHelp }: { readonly onClose: () => void; readonly onHelp: () => void }) {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const list = useId();
  const commands = useCommands(onHelp);
  const id = text.trim().toLowerCase();
  const navigate = useNavigate();
  const found: readonly Command[] = ID.test(id)
    ? [
        {
          name: `Open exchange ${id}`,
          group: 'Go to',
          run: () => void navigate({ to: '/exchanges/$id', params: { id } }),
        },
      ]
    : commands.filter((command) => matches(text, `${command.group} ${command.name}`));
  const chosen = found[Math.min(at, found.length - 1)];
  const run = (command: Command | undefined): void => {
    if (!command) return;
    onClose();
    command.run();
  };
  return (
    <Dialog title="Command palette" bare field className="palette" onClose={onClose}>
      <input
        data-first
        className="palette-input"
        role="combobox"
        aria-label="Command or exchange id"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={chosen ? `${list}-${found.indexOf(chosen)}` : undefined}
        placeholder="Go to a page or route, paste an exchange id …"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setAt((was) => Math.min(was + 1, found.length - 1));
          else if (event.key === 'ArrowUp') setAt((was) => Math.max(was - 1, 0));
          else if (event.key === 'Enter') run(chosen);
          else return;
          event.preventDefault();
        }}
      />
      <div className="palette-list" role="listbox" id={list} aria-label="Commands">
        {found.map((command, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the input, which names the active option
          <div
            key={`${command.group} ${command.name}`}
            id={`${list}-${index}`}
            className="palette-item"
            role="option"
            tabIndex={-1}
            aria-selected={command === chosen}
            ref={(node) => {
              if (command === chosen) node?.scrollIntoView({ block: 'nearest' });
            }}
            onMouseMove={() => setAt(index)}
            onClick={() => run(command)}
          >
            <span>{command.name}</span>
            <span className="quiet">{command.group}</span>
          </div>
        ))}
        {found.length === 0 ? <p className="palette-none">Nothing is called that.</p> : null}
      </div>
    </Dialog>
  );
}

const useCommands = (onHelp: () => void): readonly Command[] => {
  const navigate = useNavigate();
  const routes = useQuery(routesQuery);
  return [
    ...PLACES.map((place) => ({
      name: place.name,
      group: 'Go to',
      run: () => void navigate({ to: place.to }),
    })),
    {
      name: 'Exchanges that did not end well',
      group: 'Go to',
      run: () => void navigate({ to: '/exchanges', search: { outcome: 'bad' } }),
    },
    ...(routes.data ?? []).map((route) => ({
      name: route.name,
      group: 'Route',
      run: () => void navigate({ to: '/routes/$name', params: { name: route.name } }),
    })),
    { name: 'Copy link to this page', group: 'Do', run: () => void copyText(location.href, 'the link') },
    { name: 'Keys of the keyboard', group: 'Do', run: onHelp },
    ...THEMES.map((theme) => ({ name: `Theme: ${theme}`, group: 'Do', run: () => setTheme(theme) })),
  ];
};
