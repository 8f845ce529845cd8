import type { RampView } from '@midwatch/contracts';
import { count, percent } from '@midwatch/contracts/say';

/** Stages down, buckets across: how much of each takes the new path, where the ramp is now, and what came back. */
export function Matrix({ ramp }: { readonly ramp: RampView }) {
  return (
    <table className="matrix num">
      <caption className="sr">Share of each bucket on {ramp.to}, by stage</caption>
      <thead>
        <tr>
          <th scope="col">Stage</th>
          {ramp.buckets.map(({ bucket }) => (
            <th key={bucket} scope="col">
              {bucket === 1 ? 'easiest' : bucket === ramp.buckets.length ? 'hardest' : `b${bucket}`}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {ramp.stages.map((shares, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a stage is its place
          <tr key={i} aria-current={i + 1 === ramp.stage ? 'step' : undefined}>
            <th scope="row">{i + 1}</th>
            {ramp.buckets.map((bucket, b) => {
              const back = bucket.rolledBack !== undefined;
              const planned = shares[b] ?? 0;
              return (
                <td
                  key={bucket.bucket}
                  data-back={back || undefined}
                  style={{ '--share': `${back ? 0 : planned}%` } as React.CSSProperties}
                  title={back ? bucket.rolledBack?.why : undefined}
                >
                  {back ? <del>{percent(planned / 100)}</del> : percent(planned / 100)}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
      <tfoot>
        <Foot name="answers" of={ramp.buckets.map(({ n }) => count(n))} />
        {ramp.verdicts ? (
          <Foot name="unjudged" of={ramp.buckets.map(({ unjudged = 0 }) => count(unjudged))} />
        ) : null}
        <Foot name="bad" of={ramp.buckets.map(({ bad }) => count(bad))} />
        <Foot name="at worst" of={ramp.buckets.map(({ n, upper }) => (n === 0 ? '–' : percent(upper)))} />
        <Foot
          name="old path"
          of={ramp.buckets.map(({ baseline }) => (baseline === undefined ? '–' : percent(baseline)))}
        />
        <Foot
          name="evidence"
          of={ramp.buckets.map(({ statistic, threshold }) => percent(Math.max(0, statistic / threshold)))}
        />
      </tfoot>
    </table>
  );
}

const Foot = ({ name, of }: { readonly name: string; readonly of: readonly string[] }) => (
  <tr>
    <th scope="row">{name}</th>
    {of.map((value, i) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: a bucket is its place
      <td key={i}>{value}</td>
    ))}
  </tr>
);
