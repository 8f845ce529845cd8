import type { Failure } from '@midwatch/contracts';
import { span } from '@midwatch/contracts/say';
import { Marked } from '../../parts/Marked.tsx';

const WHOSE = {
  client: "the caller's",
  midwatch: "Midwatch's own",
  provider: "the provider's",
  network: "the network's",
} as const;

/** Kind, whose it is, and what to do. */
export function FailureNote({ failure }: { readonly failure: Failure }) {
  return (
    <div className="failure" role="note" aria-label="Failure">
      <p>
        <strong>{failure.kind.replaceAll('_', ' ')}</strong>{' '}
        <span className="quiet">{WHOSE[failure.origin]} failure</span>
        {failure.status === undefined ? null : <span className="quiet num"> · status {failure.status}</span>}
        <span className="quiet">
          {' '}
          · {failure.retryable ? 'worth another try' : 'another try would not help'}
          {failure.after === undefined ? '' : `, after ${span(failure.after)}`}
        </span>
      </p>
      <p>
        <Marked text={failure.hint} />
      </p>
    </div>
  );
}
