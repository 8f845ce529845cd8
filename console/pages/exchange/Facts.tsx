import type { ExchangeDetail } from '@midwatch/contracts';
import { bytes, count, shortHash, span } from '@midwatch/contracts/say';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Section } from '../../parts/Page.tsx';
import { CostBreakdown } from './CostBreakdown.tsx';
import { axisLines } from './facts.ts';

export function Facts({ detail }: { readonly detail: ExchangeDetail }) {
  return (
    <>
      <Release detail={detail} />
      <CostBreakdown detail={detail} />
      <Timing detail={detail} />
      <Caller detail={detail} />
      <Asked detail={detail} />
    </>
  );
}

function Release({ detail }: { readonly detail: ExchangeDetail }) {
  const { release } = detail.exchange;
  return (
    <Section
      title="Release"
      aside={
        <Link
          to="/exchanges"
          search={{ release }}
          className="mono"
          title={`All exchanges of release ${release}`}
        >
          {shortHash(release)}
        </Link>
      }
    >
      <table className="table table-tight">
        <caption className="sr">What was declared beside what was observed</caption>
        <thead>
          <tr>
            <th scope="col">Axis</th>
            <th scope="col">Declared</th>
            <th scope="col">Observed</th>
          </tr>
        </thead>
        <tbody>
          {axisLines(detail).map((line) => (
            <tr key={line.name}>
              <th scope="row">{line.name}</th>
              <td className="cell-value" title={line.declared}>
                {line.declared === undefined ? <span className="quiet">–</span> : shortHash(line.declared)}
              </td>
              <td className="cell-value" title={line.observed}>
                {line.observed === undefined ? <span className="quiet">–</span> : line.observed}
                {line.note ? (
                  <span className={line.differs ? 'axis-note is-broken-text' : 'axis-note quiet'}>
                    {' '}
                    {line.note}
                  </span>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function Timing({ detail: { exchange } }: { readonly detail: ExchangeDetail }) {
  const { timing } = exchange;
  return (
    <Section title="Timing">
      <List
        rows={[
          ['Queued', span(timing.queued)],
          ['First byte', span(timing.firstByte)],
          ['First token', span(timing.firstToken)],
          ['Total', span(timing.total)],
          ['Own overhead', span(timing.overhead)],
          ...(timing.gaps
            ? ([
                ['Gap p50', span(timing.gaps.p50)],
                ['Gap p99', span(timing.gaps.p99)],
                ['Longest gap', `${span(timing.gaps.max)} of ${count(timing.gaps.count)}`],
              ] as const)
            : []),
        ]}
      />
    </Section>
  );
}

function Caller({ detail: { exchange, keyName } }: { readonly detail: ExchangeDetail }) {
  const { who, place } = exchange;
  const linked = (name: 'tenant' | 'user' | 'feature' | 'task' | 'thread', value: string | undefined) =>
    value === undefined
      ? undefined
      : ([
          name,
          <Link key={name} to="/exchanges" search={{ [name]: value }}>
            {value}
          </Link>,
        ] as const);
  const rows = [
    who.key === undefined
      ? (['key', 'none: open to loopback'] as const)
      : ([
          'key',
          <Link key="key" to="/exchanges" search={{ key: who.key }}>
            {keyName ?? who.key}
          </Link>,
        ] as const),
    linked('tenant', who.tenant),
    linked('user', who.user),
    linked('feature', who.feature),
    who.principal === undefined ? undefined : (['principal', who.principal] as const),
    linked('task', place.task),
    linked('thread', place.thread),
    place.run === undefined ? undefined : (['run', place.run] as const),
    place.step === undefined ? undefined : (['step', place.step] as const),
    place.parent === undefined
      ? undefined
      : ([
          'parent',
          <Link key="parent" to="/exchanges/$id" params={{ id: place.parent }} className="mono">
            {place.parent.slice(-8)}
          </Link>,
        ] as const),
    place.trace === undefined ? undefined : (['trace', <code key="trace">{place.trace}</code>] as const),
    place.span === undefined ? undefined : (['span', <code key="span">{place.span}</code>] as const),
  ].filter((row) => row !== undefined);
  return (
    <Section title="Caller">
      <List rows={rows} />
    </Section>
  );
}

function Asked({ detail: { exchange } }: { readonly detail: ExchangeDetail }) {
  const { ask } = exchange;
  return (
    <Section title="Ask">
      <List
        rows={[
          ['protocol', exchange.protocol],
          ['source', exchange.source],
          ['size', bytes(ask.bytes)],
          ['messages', count(ask.turns)],
          ...(ask.tools > 0 ? ([['tools', count(ask.tools)]] as const) : []),
          ...(ask.images > 0 ? ([['images', count(ask.images)]] as const) : []),
          ...(ask.audios > 0 ? ([['audio parts', count(ask.audios)]] as const) : []),
          ...(ask.structured ? ([['structured', 'yes']] as const) : []),
          ...(ask.choices > 1 ? ([['choices', count(ask.choices)]] as const) : []),
          ...(ask.maxOutput === undefined ? [] : ([['at most', `${count(ask.maxOutput)} tok`]] as const)),
          ...(ask.stops > 0 ? ([['stop sequences', count(ask.stops)]] as const) : []),
          ['recorded', exchange.record],
        ]}
      />
    </Section>
  );
}

function List({ rows }: { readonly rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="num">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
