import type { Quantiles, Watch, WatchPoint } from '@midwatch/contracts';
import { count, NONE, span } from '@midwatch/contracts/say';
import { Glyph } from '../../parts/Outcome.tsx';
import { byFamily, FAMILY_LABEL, type Family } from '../../parts/outcomes.ts';
import type { Read } from './Panel.tsx';
import { BAD } from './series.ts';

export const trafficReads = (point: WatchPoint | undefined, watch: Watch): readonly Read[] => {
  const of = point ?? watch.totals;
  const families = byFamily(of.outcomes);
  return [
    { name: <Name family="good" />, value: count(families.good), key: 'good' },
    { name: 'not good', value: count(of.exchanges - families.good), key: 'bad' },
  ];
};
export const badReads = (point: WatchPoint | undefined, watch: Watch): readonly Read[] => {
  const families = byFamily((point ?? watch.totals).outcomes);
  return BAD.map((family) => ({
    name: <Name family={family} />,
    value: count(families[family]),
    key: family,
  }));
};
export const latencyReads = (quantiles: Quantiles | undefined): readonly Read[] =>
  (['p50', 'p95', 'p99'] as const).map((name) => ({
    name: (
      <span className="outcome">
        <i className={`line-key line-${name}`} aria-hidden="true" />
        {name}
      </span>
    ),
    value: quantiles ? span(quantiles[name]) : NONE,
    key: name,
  }));

const GLYPH: Readonly<Record<Family, string>> = {
  good: 'complete',
  short: 'length',
  withheld: 'refusal',
  broken: 'error',
  left: 'cancelled',
};
const Name = ({ family }: { readonly family: Family }) => (
  <span className="outcome">
    <Glyph outcome={GLYPH[family]} />
    {FAMILY_LABEL[family].toLowerCase()}
  </span>
);
