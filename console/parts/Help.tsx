import { Dialog } from './Dialog.tsx';

const KEYS: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  [
    'Everywhere',
    [
      ['⌘K', 'command palette'],
      ['?', 'these keys'],
      ['g w', 'Watch'],
      ['g h', 'Weather'],
      ['g e', 'Exchanges'],
      ['g r', 'Routes'],
      ['g q', 'Quota'],
      ['g m', 'Spend'],
      ['g c', 'Changes'],
      ['g k', 'Keys'],
      ['g s', 'System'],
    ],
  ],
  [
    'Exchanges',
    [
      ['j', 'next'],
      ['k', 'previous'],
      ['Enter', 'open'],
      ['/', 'filter'],
      ['l', 'live on or off'],
      ['Esc', 'leave the filter, then clear it'],
    ],
  ],
  [
    'Exchange',
    [
      ['j', 'next in the list'],
      ['k', 'previous in the list'],
      ['y', 'copy the link'],
      ['Esc', 'back to the list'],
    ],
  ],
];

export function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keys of the keyboard" onClose={onClose}>
      <div className="help">
        {KEYS.map(([where, keys]) => (
          <section key={where}>
            <h3>{where}</h3>
            <dl>
              {keys.map(([key, does]) => (
                <div key={key}>
                  <dt>
                    {key.split(' ').map((part) => (
                      <kbd key={part}>{part}</kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
