import type { ReactNode } from 'react';

/** One number beside a chart: of the step under the cursor, of the whole range otherwise. */
export interface Read {
  readonly name: ReactNode;
  readonly value: string;
  readonly key?: string;
}
export function Panel({
  title,
  reads,
  children,
}: {
  readonly title: ReactNode;
  readonly reads: readonly Read[];
  readonly children: ReactNode;
}) {
  return (
    <div className="panel">
      <div className="panel-head">
        <h3>{title}</h3>
        <dl className="reads">
          {reads.map((read, at) => (
            <div key={read.key ?? at}>
              {read.name ? <dt>{read.name}</dt> : null}
              <dd className="num">{read.value}</dd>
            </div>
          ))}
        </dl>
      </div>
      {children}
    </div>
  );
}
