import type { ExchangeDetail } from '@midwatch/contracts';

/** Why there is nothing to read, and what would change that. */
export function NotKept({ detail }: { readonly detail: ExchangeDetail }) {
  const expired = detail.bodies === 'expired';
  return (
    <div className="state">
      <h2>{expired ? 'The bodies have been dropped' : 'No bodies were recorded'}</h2>
      <p>
        {expired ? (
          <>
            Retention keeps bodies for a shorter time than facts. Raise <code>retention.bodies</code> to keep
            them longer.
          </>
        ) : (
          <>
            The route records <code>{detail.exchange.record}</code>. Set <code>record: full</code> or{' '}
            <code>masked</code> on it to see what was said. Numbers, attempts and release are complete all the
            same.
          </>
        )}
      </p>
    </div>
  );
}
