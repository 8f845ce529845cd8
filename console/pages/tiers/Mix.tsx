import type { MixVerdict, RouteTiers, TierFinding, TierRow, TierShare } from '@midwatch/contracts';
import { count, percent } from '@midwatch/contracts/say';
import { Link } from '@tanstack/react-router';
import { Badge, type Tone } from '../../parts/Badge.tsx';
import { Marked } from '../../parts/Marked.tsx';
import { Section } from '../../parts/Page.tsx';
import { Rate } from '../../parts/Rate.tsx';
import { Time } from '../../parts/Time.tsx';

const TONE: Readonly<Record<MixVerdict, Tone>> = {
  MET: 'good',
  BREACHED: 'broken',
  UNKNOWN: 'waiting',
  UNDECLARED: 'waiting',
};
const WORD: Readonly<Record<MixVerdict, string>> = {
  MET: 'as declared',
  BREACHED: 'not as declared',
  UNKNOWN: 'too few to tell',
  UNDECLARED: 'nothing declared',
};

const LEVEL: Readonly<Record<TierFinding['level'], string>> = {
  alarm: 'Alarm',
  warn: 'Warning',
  note: 'Note',
};

/** Declared against served, of one route. */
export function Mix({ route, by }: { readonly route: RouteTiers; readonly by: string }) {
  return (
    <Section
      title={route.route}
      aside={
        <span>
          <Badge tone={TONE[route.verdict]}>{WORD[route.verdict]}</Badge>
        </span>
      }
    >
      <div className="mix-bar" aria-hidden="true">
        {route.tiers.map(({ tier, served }) => (
          <i key={tier} style={{ width: `${served.rate * 100}%` }} />
        ))}
      </div>
      <dl className="facts">
        <div>
          <dt>not served by {route.primary}</dt>
          <dd>
            <Rate rate={route.demoted} />
          </dd>
        </div>
        {route.users ? (
          <div>
            <dt>users mostly demoted</dt>
            <dd>
              <Rate rate={route.users} />
            </dd>
          </div>
        ) : null}
        {route.tiers.map((share) => (
          <div key={share.tier}>
            <dt>
              {share.tier} <span className="quiet">{declared(share)}</span>
            </dt>
            <dd>
              {share.verdict === 'BREACHED' ? (
                <strong className="is-broken-text">
                  <Rate rate={share.served} />
                </strong>
              ) : (
                <Rate rate={share.served} />
              )}
            </dd>
          </div>
        ))}
      </dl>
      {route.findings.map((finding) => (
        <p key={finding.kind} className="mix-finding">
          <strong className={finding.level === 'alarm' ? 'is-broken-text' : 'is-short-text'}>
            {LEVEL[finding.level]}
          </strong>{' '}
          <span className="quiet">
            since <Time at={finding.since} show="ago" />:
          </span>{' '}
          <Marked text={finding.says} /> <Marked text={finding.todo} />{' '}
          <span className="quiet">
            {[
              finding.owner && `owner ${finding.owner}`,
              finding.causes[0] && `most of it by ${finding.causes[0].rule}`,
            ]
              .filter(Boolean)
              .join(' · ')}
          </span>
        </p>
      ))}
      {route.rows.length > 0 ? <Rows rows={route.rows} by={by} route={route.route} /> : null}
    </Section>
  );
}

const declared = ({ declared: said }: TierShare): string =>
  [
    said?.target === undefined ? undefined : `should be ${percent(said.target)}`,
    said?.floor === undefined ? undefined : `at least ${percent(said.floor)}`,
    said?.ceiling === undefined ? undefined : `at most ${percent(said.ceiling)}`,
    said?.owner,
  ]
    .filter((word) => word !== undefined)
    .join(' · ');

function Rows({
  rows,
  by,
  route,
}: {
  readonly rows: readonly TierRow[];
  readonly by: string;
  readonly route: string;
}) {
  return (
    <table className="table table-tight mix-rows">
      <caption className="sr">
        {route} by {by}
      </caption>
      <thead>
        <tr>
          <th scope="col">By {by}</th>
          <th scope="col" className="num">
            Exchanges
          </th>
          <th scope="col" className="num">
            Share
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, rest, share }) => (
          <tr key={rest ? ' rest' : (name ?? '')}>
            <th scope="row">{rest ? 'all others' : (name ?? <span className="quiet">none named</span>)}</th>
            <td className="num">
              <Link to="/exchanges" search={{ route }} title="Exchanges of the route">
                {count(share.count)}
              </Link>
            </td>
            <td className="num">
              <Rate rate={share} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
