import type { SystemView } from '@midwatch/contracts';
import { bytes, compact, count, NONE, plural, span } from '@midwatch/contracts/say';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { systemQuery } from '../../data/queries.ts';
import { Page, Section } from '../../parts/Page.tsx';
import { ErrorState, Skeleton } from '../../parts/states.tsx';
import { Time } from '../../parts/Time.tsx';
import { Audit } from './Audit.tsx';
import { Cassettes } from './Cassettes.tsx';
import { Meter } from './Meter.tsx';
import { Partitions } from './Partitions.tsx';
import { ReloadButton } from './ReloadButton.tsx';

export function System() {
  const system = useQuery(systemQuery);
  const data = system.data;
  return (
    <Page title="System" controls={<ReloadButton />}>
      {system.isError && !data ? (
        <ErrorState error={system.error} retry={() => void system.refetch()} />
      ) : null}
      {system.isPending ? <Skeleton lines={12} height={44} label="the system" /> : null}
      {data ? (
        <div className="system">
          <div>
            <Spool system={data} />
            <Gateway system={data} />
          </div>
          <div>
            <Database system={data} />
            <Storage system={data} />
          </div>
          <div>
            <Process system={data} />
            <Replicas system={data} />
          </div>
          <Cassettes />
          <Audit />
          <Partitions partitions={data.database.partitions} />
        </div>
      ) : null}
    </Page>
  );
}

function Spool({ system: { spool } }: { readonly system: SystemView }) {
  return (
    <Section
      title="Spool"
      aside={
        <State
          ok={!spool.trouble && spool.dropped === 0}
          says={
            spool.trouble ? 'cannot be written' : spool.dropped > 0 ? 'has dropped records' : 'keeping up'
          }
        />
      }
    >
      {spool.trouble ? <Trouble text={spool.trouble} /> : null}
      <Meter
        label="Filled"
        value={spool.bytes}
        max={spool.maxBytes}
        says={`${bytes(spool.bytes)} of ${bytes(spool.maxBytes)}`}
      />
      <Facts
        rows={[
          ['Waiting', `${count(spool.waiting)} exchanges`],
          ['Behind', span(spool.lagMs)],
          ['Segments', count(spool.segments)],
          ['Taken since start', count(spool.taken)],
          [
            'Dropped',
            spool.dropped === 0 ? (
              '0'
            ) : (
              <strong key="d" className="is-broken-text">
                {count(spool.dropped)}
              </strong>
            ),
          ],
        ]}
      />
    </Section>
  );
}

function Database({ system: { database } }: { readonly system: SystemView }) {
  return (
    <Section title="Database" aside={<State ok={database.state === 'up'} says={database.state} />}>
      {database.trouble ? <Trouble text={database.trouble} /> : null}
      <Facts
        rows={[
          [
            'Kind',
            database.kind === 'embedded' ? 'embedded, run by Midwatch' : 'external, from DATABASE_URL',
          ],
          ['Postgres', database.version ?? NONE],
          ['Schema', database.schema === undefined ? NONE : String(database.schema)],
          ['Size', bytes(database.bytes)],
          ['Exchanges', compact(database.exchanges)],
          ['Oldest day', database.oldestDay ?? NONE],
        ]}
      />
    </Section>
  );
}

function Storage({ system: { retention, disk } }: { readonly system: SystemView }) {
  return (
    <Section title="Retention and disk">
      {retention.usedBytes === undefined ? null : (
        <Meter
          label="Disk budget"
          value={retention.usedBytes}
          max={retention.diskBytes}
          says={`${bytes(retention.usedBytes)} of ${bytes(retention.diskBytes)}`}
        />
      )}
      <Meter
        label="Disk"
        value={disk.totalBytes - disk.freeBytes}
        max={disk.totalBytes}
        says={`${bytes(disk.freeBytes)} free of ${bytes(disk.totalBytes)}`}
      />
      <Facts
        rows={[
          ['Exchanges kept', span(retention.exchangesMs)],
          ['Bodies kept', span(retention.bodiesMs)],
          ['Rollups kept', span(retention.rollupsMs)],
          ...lost(retention.dropped),
        ]}
      />
    </Section>
  );
}

/** What the disk budget has cost before its time; the day and table of each loss are in `GET /api/v1/system`. */
function lost(dropped: SystemView['retention']['dropped']): readonly (readonly [string, ReactNode])[] {
  const [last] = dropped?.days ?? [];
  if (!dropped || !last) return [];
  return [
    [
      'Dropped for it',
      <strong key="l" className="is-broken-text">
        {dropped.exchanges > 0 ? plural(dropped.exchanges, 'exchange') : `${bytes(dropped.bytes)} of bodies`}
      </strong>,
    ],
    ['Last dropped', <Time key="t" at={last.at} show="ago" />],
  ];
}

function Gateway({ system: { gateway, threads = [] } }: { readonly system: SystemView }) {
  const serving = 1 + threads.filter(({ state }) => state === 'serving').length;
  const says = `${serving} of ${plural(threads.length + 1, 'thread')} serving`;
  return (
    <Section
      title="Gateway"
      aside={threads.length > 0 ? <State ok={serving === threads.length + 1} says={says} /> : undefined}
    >
      <Facts
        rows={[
          ['In flight', count(gateway.inFlight)],
          ['Streams', count(gateway.streams)],
          ['Requests since start', count(gateway.requests)],
          ['Refused keys', count(gateway.authFailures)],
          ...(gateway.lag.stalls > 0
            ? [
                [
                  'Stood still itself',
                  `${plural(gateway.lag.stalls, 'time')}, ${span(gateway.lag.worstMs)} at worst`,
                ] as const,
              ]
            : []),
          ...threads.map(
            ({ thread, state, requests, restarts }) =>
              [
                `Thread ${thread}`,
                `${state}, ${plural(requests, 'request')}${restarts > 0 ? `, ${plural(restarts, 'restart')}` : ''}`,
              ] as const,
          ),
        ]}
      />
    </Section>
  );
}

function Replicas({ system: { replicas } }: { readonly system: SystemView }) {
  if (!replicas) return null;
  const { replica, state, since, trouble, peers } = replicas;
  return (
    <Section title="Replicas" aside={<State ok={state !== 'away'} says={`Redis ${state}`} />}>
      {trouble === undefined ? null : <Trouble text={trouble} />}
      <Facts
        rows={[
          ['This one', <code key="r">{replica}</code>],
          ['Others heard', peers.length === 0 ? NONE : <code key="p">{peers.join(' ')}</code>],
          ['Since', <Time key="s" at={since} show="ago" />],
        ]}
      />
    </Section>
  );
}

function Process({ system }: { readonly system: SystemView }) {
  return (
    <Section title="Process">
      <Facts
        rows={[
          ['Midwatch', system.version],
          ['Bun', system.bun],
          ['Platform', system.platform],
          ['Prices', system.prices.version],
          ['Listens on', <code key="l">{system.listen}</code>],
          ['Data folder', <code key="d">{system.dataDir}</code>],
          ['Configuration', system.configFile ? <code key="c">{system.configFile}</code> : 'none, defaults'],
          ['Started', <Time key="s" at={system.startedAt} show="full" />],
          ['Up for', span(Math.max(0, system.now - system.startedAt))],
          ['Memory', `${bytes(system.memory.rss)}, heap ${bytes(system.memory.heapUsed)}`],
        ]}
      />
    </Section>
  );
}

function State({ ok, says }: { readonly ok: boolean; readonly says: string }) {
  return (
    <span className={ok ? 'state-word' : 'state-word is-broken-text'}>
      <i aria-hidden="true" data-ok={ok} />
      {says}
    </span>
  );
}

function Trouble({ text }: { readonly text: string }) {
  return (
    <p className="failure" role="alert">
      {text}{' '}
      <span className="quiet">
        <code>midwatch doctor</code> says how to mend it.
      </span>
    </p>
  );
}

function Facts({ rows }: { readonly rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts facts-wide">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="num">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
