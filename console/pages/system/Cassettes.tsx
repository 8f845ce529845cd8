import type { CassetteProof } from '@midwatch/contracts';
import { dollars, NONE, percent, plural, shortHash, span } from '@midwatch/contracts/say';
import { useQuery } from '@tanstack/react-query';
import { cassettesQuery } from '../../data/queries.ts';
import { Badge, type Tone } from '../../parts/Badge.tsx';
import { Section } from '../../parts/Page.tsx';
import { Time } from '../../parts/Time.tsx';

const TONE: Readonly<Record<CassetteProof['verdict'], Tone>> = {
  fresh: 'good',
  drifted: 'broken',
  unknown: 'waiting',
};

/** Recorded answers that are asked for again by themselves; nothing where nobody wants that. */
export function Cassettes() {
  const { data } = useQuery(cassettesQuery);
  if (!data?.verify) return null;
  const { verify, round, next, proofs } = data;
  return (
    <Section
      title="Cassettes"
      className="system-wide"
      aside={
        <span className="quiet">
          {percent(verify.sample)} of {verify.folder} asked again every {span(verify.every)}, for{' '}
          {dollars(verify.maxUsd * 1e6)} at most
        </span>
      }
    >
      <p>
        {round ? (
          <>
            <Time at={round.at} show="ago" />: {round.says}, {dollars(round.microUsd)}
            {round.skipped > 0 ? `, ${plural(round.skipped, 'cassette')} left out for the cap` : ''}.{' '}
          </>
        ) : (
          'Not asked yet. '
        )}
        {next === undefined ? null : (
          <span className="quiet">
            Next <Time at={next} show="full" />
          </span>
        )}
      </p>
      {proofs.length === 0 ? null : (
        <div className="table-scroll">
          <table className="table table-tight">
            <caption className="sr">Cassettes that were asked again, furthest moved first</caption>
            <thead>
              <tr>
                <th scope="col">Verdict</th>
                <th scope="col">Cassette</th>
                <th scope="col">Model</th>
                <th scope="col" className="num">
                  Moved by
                </th>
                <th scope="col">What moved</th>
                <th scope="col">Asked</th>
              </tr>
            </thead>
            <tbody>
              {proofs.map(({ key, path, model, at, verdict, distance, says }) => (
                <tr key={key}>
                  <td>
                    <Badge tone={TONE[verdict]}>{verdict}</Badge>
                  </td>
                  <td>
                    <span className="mono" title={key}>
                      {shortHash(key)}
                    </span>{' '}
                    <span className="quiet">{path.replace('/v1/', '')}</span>
                  </td>
                  <td>{model ?? NONE}</td>
                  <td className="num">{distance === undefined ? NONE : distance.toFixed(2)}</td>
                  <td className="wrap">{says ?? NONE}</td>
                  <td>
                    <Time at={at} show="ago" />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  );
}
