import { percent } from '@midwatch/contracts/say';

/** How full something with a bound is. Above four fifths it says so by colour and by word. */
export function Meter({
  label,
  value,
  max,
  says,
}: {
  readonly label: string;
  readonly value: number;
  readonly max: number;
  readonly says: string;
}) {
  const share = max > 0 ? Math.min(1, Math.max(0, value / max)) : 0;
  const tight = share >= 0.8;
  return (
    <div className="meter">
      <p>
        <span>{label}</span>
        <span className="num quiet">
          {says}
          {tight ? <strong className="is-broken-text"> {percent(share)} full</strong> : null}
        </span>
      </p>
      {/* What it says stands beside it in words; the bar is only for the eye. */}
      <div className="meter-rail" aria-hidden="true">
        <i className={tight ? 'meter-fill meter-tight' : 'meter-fill'} style={{ width: `${share * 100}%` }} />
      </div>
    </div>
  );
}
