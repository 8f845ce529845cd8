import type { Outcome as OutcomeName } from '@midwatch/contracts';
import type { ReactNode } from 'react';
import { outcomeInfo } from './outcomes.ts';

/** Filled parts take the colour; `o` are strokes. Each differs from the others without any colour. */
const SHAPES: Readonly<Record<OutcomeName, ReactNode>> = {
  complete: <circle cx="6" cy="6" r="4" />,
  tool: (
    <>
      <circle className="o" cx="6" cy="6" r="4.1" />
      <circle cx="6" cy="6" r="1.7" />
    </>
  ),
  length: (
    <>
      <circle className="o" cx="6" cy="6" r="4.1" />
      <path d="M6 1.9a4.1 4.1 0 0 0 0 8.2Z" />
    </>
  ),
  stop: <rect x="2.2" y="2.2" width="7.6" height="7.6" rx="1" />,
  context_overflow: (
    <>
      <rect className="o" x="2.2" y="2.2" width="7.6" height="7.6" rx="1" />
      <path d="M2.2 6h7.6v3.8H2.2z" />
    </>
  ),
  refusal: <path className="o" d="M6 1.4 10.6 6 6 10.6 1.4 6Z" />,
  content_filter: (
    <>
      <path className="o" d="M6 1.4 10.6 6 6 10.6 1.4 6Z" />
      <path className="o" d="M3.8 6h4.4" />
    </>
  ),
  invalid: <path className="o" d="M6 2 10.6 10H1.4Z" />,
  stalled: <path d="M2.8 2h2.2v8H2.8zM7 2h2.2v8H7z" />,
  cut: (
    <>
      <path className="o" d="M1 6h3.2M7.8 6H11" />
      <path className="o" d="M7.4 2.6 4.6 9.4" />
    </>
  ),
  error: <path className="o" d="m2.6 2.6 6.8 6.8M9.4 2.6 2.6 9.4" />,
  cancelled: <circle className="o dashed" cx="6" cy="6" r="4.1" />,
};

export function Glyph({ outcome }: { readonly outcome: string }) {
  return (
    <svg className={`glyph is-${outcomeInfo(outcome).family}`} viewBox="0 0 12 12" aria-hidden="true">
      {SHAPES[outcome as OutcomeName] ?? SHAPES.invalid}
    </svg>
  );
}

/** Shape, then word: the word carries the meaning for whoever sees neither colour nor shape. */
export function Outcome({ outcome }: { readonly outcome: string }) {
  const info = outcomeInfo(outcome);
  return (
    <span className="outcome" title={info.means}>
      <Glyph outcome={outcome} />
      <span>{info.label}</span>
    </span>
  );
}
