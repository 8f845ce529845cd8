import type { ReactNode } from 'react';

export interface GaugePart {
  /** Of the whole, from 0 to 1. */
  readonly share: number;
  readonly kind: 'good' | 'tight' | 'broken' | 'held';
}

/**
 * How much of something is used, in words first; the rail is only for the eye. What is held but not used stands apart by
 * its pattern, and a mark says where something begins to happen.
 */
export function Gauge({
  label,
  says,
  parts,
  mark,
  note,
}: {
  readonly label: ReactNode;
  readonly says: ReactNode;
  readonly parts: readonly GaugePart[];
  readonly mark?: number | undefined;
  readonly note?: ReactNode;
}) {
  return (
    <div className="gauge">
      <p className="gauge-head">
        <span className="gauge-label">{label}</span>
        <span className="num gauge-says">{says}</span>
      </p>
      <div className="gauge-rail" aria-hidden="true">
        {parts.map(({ share, kind }) => (
          <i
            key={kind}
            className={`gauge-${kind}`}
            style={{ width: `${Math.min(1, Math.max(0, share)) * 100}%` }}
          />
        ))}
        {mark === undefined ? null : <b style={{ left: `${Math.min(1, mark) * 100}%` }} />}
      </div>
      {note ? <p className="gauge-note num">{note}</p> : null}
    </div>
  );
}
