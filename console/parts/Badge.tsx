import type { ReactNode } from 'react';

/** How a thing stands. `waiting`: nothing is wrong, and nothing is proven. */
export type Tone = 'good' | 'running' | 'waiting' | 'short' | 'broken';

/** A shape for each tone, so that none is told by colour alone. */
const SHAPES: Readonly<Record<Tone, ReactNode>> = {
  good: <circle cx="6" cy="6" r="4" />,
  running: (
    <>
      <circle className="o" cx="6" cy="6" r="4.1" />
      <circle cx="6" cy="6" r="1.5" />
    </>
  ),
  waiting: <circle className="o dashed" cx="6" cy="6" r="4.1" />,
  short: (
    <>
      <circle className="o" cx="6" cy="6" r="4.1" />
      <path d="M6 1.9a4.1 4.1 0 0 0 0 8.2Z" />
    </>
  ),
  broken: <path className="o" d="m2.6 2.6 6.8 6.8M9.4 2.6 2.6 9.4" />,
};
const FAMILY: Readonly<Record<Tone, string>> = {
  good: 'is-good',
  running: 'is-good',
  waiting: 'is-left',
  short: 'is-short',
  broken: 'is-broken',
};

/** Shape, then word: the word carries the meaning. */
export function Badge({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return (
    <span className="outcome">
      <svg className={`glyph ${FAMILY[tone]}`} viewBox="0 0 12 12" aria-hidden="true">
        {SHAPES[tone]}
      </svg>
      <span>{children}</span>
    </span>
  );
}
