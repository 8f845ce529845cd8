import type { ProviderStatus, ProviderView } from '@midwatch/contracts';
import type { ReactNode } from 'react';

/** A shape for each state, so that none is told by colour alone. */
const SHAPES: Readonly<Record<ProviderStatus, ReactNode>> = {
  down: <path className="o" d="m2.6 2.6 6.8 6.8M9.4 2.6 2.6 9.4" />,
  brownout: <path d="M6 10.4 1.4 2.4h9.2Z" />,
  degraded: (
    <>
      <circle className="o" cx="6" cy="6" r="4.1" />
      <path d="M6 1.9a4.1 4.1 0 0 0 0 8.2Z" />
    </>
  ),
  watch: (
    <>
      <circle className="o" cx="6" cy="6" r="4.1" />
      <circle cx="6" cy="6" r="1.5" />
    </>
  ),
  healthy: <circle cx="6" cy="6" r="4" />,
  unknown: <circle className="o dashed" cx="6" cy="6" r="4.1" />,
};
const FAMILY: Readonly<Record<ProviderStatus, string>> = {
  down: 'is-broken',
  brownout: 'is-broken',
  degraded: 'is-short',
  watch: 'is-short',
  healthy: 'is-good',
  unknown: 'is-left',
};
const WORD: Readonly<Record<ProviderStatus, string>> = {
  down: 'down',
  brownout: 'brownout',
  degraded: 'degraded',
  watch: 'watch',
  healthy: 'healthy',
  unknown: 'not asked yet',
};

export function Status({ target }: { readonly target: Pick<ProviderView, 'status' | 'keyRefused'> }) {
  const look = target.keyRefused ? 'down' : target.status;
  return (
    <span className="outcome">
      <svg className={`glyph ${FAMILY[look]}`} viewBox="0 0 12 12" aria-hidden="true">
        {SHAPES[look]}
      </svg>
      {target.keyRefused ? 'key refused' : WORD[target.status]}
    </span>
  );
}
