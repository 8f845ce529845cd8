import type { Exchange } from '@midwatch/contracts';
import { cost, plural, span } from '@midwatch/contracts/say';
import { CopyButton } from '../../parts/Copy.tsx';
import { Marked } from '../../parts/Marked.tsx';
import { Glyph, Outcome } from '../../parts/Outcome.tsx';
import { outcomeInfo } from '../../parts/outcomes.ts';
import { Section } from '../../parts/Page.tsx';
import { type Bar, timeline } from './facts.ts';

const CAUSE = {
  first: 'as the route says',
  retry: 'the same target once more',
  reroute: 'another target of the same tier',
  takeover: 'finished an answer that broke off after the caller had read of it',
  fallback: 'a lower tier, after those above it failed or were left out',
  reprompt: 'asked again in other words',
  hedge: 'beside an attempt that was late; the first to answer wins',
} as const;

export function Timeline({ exchange }: { readonly exchange: Exchange }) {
  const { span: whole, bars } = timeline(exchange);
  if (bars.length === 0) {
    return (
      <Section title="Attempts">
        <p className="quiet section-none">None was made: the ask ended before a target was called.</p>
      </Section>
    );
  }
  return (
    <Section
      title="Attempts"
      aside={
        <span className="num">
          {plural(bars.length, 'attempt')} in {span(whole)}
        </span>
      }
    >
      <ol className="timeline">
        {bars.map((bar) => (
          <Row
            key={bar.attempt.number}
            bar={bar}
            at={exchange.at}
            said={bars.length === 1 && exchange.failure?.kind === bar.attempt.failure?.kind}
          />
        ))}
      </ol>
      <div className="timeline-scale num" aria-hidden="true">
        {[0, 0.25, 0.5, 0.75, 1].map((share) => (
          <span key={share}>{share === 0 ? '0' : span(whole * share)}</span>
        ))}
      </div>
    </Section>
  );
}

const percent = (share: number): string => `${(share * 100).toFixed(3)}%`;

function Row({
  bar: { attempt, start, firstToken, end },
  at,
  said,
}: {
  readonly bar: Bar;
  readonly at: number;
  /** The failure stands above already, as that of the whole exchange. */
  readonly said: boolean;
}) {
  const { timing } = attempt;
  const failure = said ? undefined : attempt.failure;
  const family = outcomeInfo(attempt.outcome).family;
  const waits = `waits ${span(timing.firstToken ?? timing.total)}${timing.firstToken === undefined ? '' : `, then streams ${span(timing.total - timing.firstToken)}`}`;
  return (
    <li className="attempt">
      <div className="attempt-name">
        <p>
          <span className="num quiet">{attempt.number}</span>{' '}
          <span title={CAUSE[attempt.cause]}>{attempt.cause}</span>
          <span className="quiet"> · {attempt.tier}</span>
        </p>
        <p className="attempt-target" title={`${attempt.provider}/${attempt.model}`}>
          {attempt.provider}/{attempt.model}
        </p>
      </div>
      <div className="attempt-track">
        <div
          className={`attempt-bar is-${family}`}
          role="img"
          aria-label={`Begins after ${span(attempt.startedAt - at)}, ${waits}, ends ${attempt.outcome}`}
          title={`starts at ${span(attempt.startedAt - at)}; ${waits}`}
        >
          <i
            className="attempt-wait"
            style={{ left: percent(start), width: percent((firstToken ?? end) - start) }}
          />
          {firstToken === undefined ? null : (
            <i
              className="attempt-flow"
              style={{ left: percent(firstToken), width: percent(end - firstToken) }}
            />
          )}
          <span className="attempt-end" style={{ left: percent(end) }}>
            <Glyph outcome={attempt.outcome} />
          </span>
        </div>
      </div>
      <dl className="attempt-facts num">
        <div>
          <dt className="sr">Outcome</dt>
          <dd>
            <Outcome outcome={attempt.outcome} />
          </dd>
        </div>
        <div>
          <dt className="sr">Status</dt>
          <dd className="quiet">{attempt.status ?? '–'}</dd>
        </div>
        <div>
          <dt className="sr">Total</dt>
          <dd>{span(timing.total)}</dd>
        </div>
        <div>
          <dt className="sr">Cost</dt>
          <dd>{cost(attempt.cost.microUsd, attempt.cost.state)}</dd>
        </div>
      </dl>
      {attempt.translated ? (
        <p className="attempt-note">
          Translated to <strong>{attempt.translated.to}</strong>{' '}
          <span className="quiet">
            {attempt.translated.losses.length === 0
              ? 'without loss'
              : `lost on the way: ${attempt.translated.losses.join(', ')}`}
          </span>
        </p>
      ) : null}
      {failure || attempt.providerRequestId ? (
        <p className="attempt-note">
          {failure ? (
            <>
              <strong>{failure.kind.replaceAll('_', ' ')}</strong> <Marked text={failure.hint} />{' '}
            </>
          ) : null}
          {attempt.providerRequestId ? (
            <span className="attempt-request quiet">
              request <code>{attempt.providerRequestId}</code>
              <CopyButton
                text={attempt.providerRequestId}
                what={`the provider's request id of attempt ${attempt.number}`}
              />
            </span>
          ) : null}
        </p>
      ) : null}
    </li>
  );
}
