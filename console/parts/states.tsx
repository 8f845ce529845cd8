import { MidwatchError } from '@midwatch/sdk';
import type { ReactNode } from 'react';
import { Marked } from './Marked.tsx';

/** What went wrong and what to do; nothing else on the page pretends to be data meanwhile. */
export function ErrorState({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  const said = explain(error);
  return (
    <section className="state state-error" role="alert">
      <h2>{said.title}</h2>
      <p>
        <Marked text={said.hint} />
      </p>
      {retry ? (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      ) : null}
    </section>
  );
}

export const explain = (error: unknown): { readonly title: string; readonly hint: string } => {
  if (error instanceof MidwatchError) {
    if (error.status === 0) {
      return {
        title: 'Midwatch does not answer',
        hint: 'Is the process running? Start it with `midwatch up`; `midwatch doctor` says what is wrong with the set-up.',
      };
    }
    return {
      title: error.message || `The server answered ${error.status}`,
      hint: error.hint || 'Try again; if it stays, `midwatch doctor` says what is wrong with the set-up.',
    };
  }
  return {
    title: 'This page could not be shown',
    hint: `${error instanceof Error ? error.message : String(error)}. Reload the page; if it stays, please report it with this text.`,
  };
};

export function EmptyState({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <section className="state">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** Holds the place of what is coming, at the size it will have. */
export function Skeleton({
  lines,
  height = 36,
  label,
}: {
  readonly lines: number;
  readonly height?: number;
  readonly label: string;
}) {
  return (
    <div className="skeleton" role="status" aria-label={`Loading ${label}`}>
      {Array.from({ length: lines }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: identical lines that never move
        <div key={at} className="skeleton-line" style={{ height }}>
          <span style={{ width: `${[34, 52, 41, 60, 47][at % 5]}%` }} />
        </div>
      ))}
    </div>
  );
}
