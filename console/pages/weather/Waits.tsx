import type { WaitReading, WeatherState, WeatherView } from '@midwatch/contracts';
import { dollars, span } from '@midwatch/contracts/say';
import { useQuery } from '@tanstack/react-query';
import { weatherQuery } from '../../data/queries.ts';
import { Marked } from '../../parts/Marked.tsx';
import { Section } from '../../parts/Page.tsx';
import { Time } from '../../parts/Time.tsx';

const WORD: Readonly<Record<WeatherState, string>> = {
  slow: 'slow',
  usual: 'usual',
  unknown: 'not known',
};

/** How long callers wait beyond what their asks need, and whose doing it is when that is long. */
export function Waits() {
  const all = useQuery(weatherQuery).data ?? [];
  if (all.length === 0) return null;
  const seen = all.filter(({ state, probe }) => state !== 'unknown' || probe !== undefined);
  const unknown = all.filter((one) => !seen.includes(one));
  const found = all.flatMap((one) => one.findings.map((finding) => ({ one, finding })));
  return (
    <Section title="Waits beyond what asks need">
      {seen.length === 0 ? null : (
        <table className="table stack-table">
          <thead>
            <tr>
              <th scope="col">Target</th>
              <th scope="col">Waits</th>
              <th scope="col">Why</th>
              <th scope="col" className="num">
                Normal
              </th>
              <th scope="col">Probes today</th>
            </tr>
          </thead>
          <tbody>
            {seen.map((one) => (
              <Row key={`${one.provider}/${one.model}/${one.zone}`} one={one} />
            ))}
          </tbody>
        </table>
      )}
      {unknown.length === 0 ? null : (
        <p className="quiet board-none">
          {unknown.map(({ provider, model }) => `${provider}/${model}`).join(', ')}:{' '}
          <Marked text={whyUnknown(unknown)} />
        </p>
      )}
      {found.length === 0 ? (
        <p className="quiet board-none">No stretch of slowness was found.</p>
      ) : (
        <ul className="waits-found">
          {found.map(({ one, finding }) => (
            <li key={`${one.provider}/${one.model} ${finding.since}`}>
              <strong>
                {one.provider}/{one.model}
              </strong>{' '}
              <Time at={finding.since} show="ago" />
              {finding.until === undefined ? ', goes on: ' : `, for ${span(finding.until - finding.since)}: `}
              <Marked text={finding.says} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

/** One reason for all of them, or each with its own. */
const whyUnknown = (views: readonly WeatherView[]): string =>
  [...new Set(views.map(({ says }) => says))].join(' ');

function Row({ one }: { readonly one: WeatherView }) {
  const { provider, model, state, says, normal, readings, probe } = one;
  return (
    <tr>
      <th scope="row">
        {provider}/{model}
      </th>
      <td>
        <span className={state === 'slow' ? 'is-broken-text' : 'quiet'}>{WORD[state]}</span>{' '}
        <Readings readings={readings} />
      </td>
      <td className="wrap says">
        <Marked text={says} />
      </td>
      <td className="num" data-label="normal">
        {normal.wait === undefined ? <span className="quiet">–</span> : span(normal.wait)}
      </td>
      <td data-label="probes today">
        {probe ? (
          (probe.paused ?? `${probe.calls} for ${dollars(probe.microUsd)} of ${dollars(probe.dailyMicroUsd)}`)
        ) : (
          <span className="quiet">off</span>
        )}
      </td>
    </tr>
  );
}

/** Ten half minutes, as high as their contention index; three is where slow begins. */
function Readings({ readings }: { readonly readings: readonly WaitReading[] }) {
  const said = `contention index of the last ${readings.length} half minutes: ${readings.map(({ index }) => index.toFixed(1)).join(', ')}`;
  return (
    <svg className="waits-bars" viewBox="0 0 60 16" role="img" aria-label={said}>
      <title>{said}</title>
      {readings.map(({ at, index, slow }, i) => {
        const height = Math.max(1, Math.min(16, (16 * index) / 6));
        return (
          <rect
            key={at}
            className={slow ? 'is-slow' : undefined}
            x={6 * i}
            y={16 - height}
            width="4"
            height={height}
          />
        );
      })}
    </svg>
  );
}
