import type { DemotionStatus, DemotionView } from '@midwatch/contracts';
import { count, percent } from '@midwatch/contracts/say';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '../../data/client.ts';
import { now } from '../../data/clock.ts';
import { useMay } from '../../data/queries.ts';
import { Badge, type Tone } from '../../parts/Badge.tsx';
import { Section } from '../../parts/Page.tsx';
import { explain } from '../../parts/states.tsx';
import { Time } from '../../parts/Time.tsx';
import { toast } from '../../parts/toasts.tsx';

const TONE: Readonly<Record<DemotionStatus, Tone>> = {
  blocking: 'broken',
  expired: 'short',
  extended: 'running',
  acting: 'running',
  ended: 'waiting',
};

const WEEK = 7 * 86_400_000;

/** Who may send exchanges to a lower tier, how many, and until when. */
export function Demotions({ rules }: { readonly rules: readonly DemotionView[] }) {
  return (
    <Section title="Rules of demotion" aside={<span className="num">{count(rules.length)} declared</span>}>
      {rules.length === 0 ? (
        <p className="quiet board-none">
          No rule may send exchanges to a lower tier; failures and health still do. A rule has an owner, a
          largest share and an end.
        </p>
      ) : (
        <table className="table stack-table">
          <caption className="sr">Rules of demotion, those that need somebody first</caption>
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">Rule</th>
              <th scope="col">Owner</th>
              <th scope="col" className="num">
                Took
              </th>
              <th scope="col" className="num">
                May take
              </th>
              <th scope="col" className="num">
                Ends
              </th>
            </tr>
          </thead>
          <tbody>
            {rules.map((rule) => (
              <Rule key={`${rule.route} ${rule.id}`} rule={rule} />
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}

function Rule({ rule }: { readonly rule: DemotionView }) {
  const when = Object.entries(rule.when).map(([name, values]) => `${name} ${values.join(' or ')}`);
  return (
    <tr>
      <td>
        <Badge tone={TONE[rule.status]}>{rule.status}</Badge>
      </td>
      <th scope="row" className="wrap">
        <span className="stack-name">{rule.id}</span>
        <span className="quiet small">
          {rule.route}: {rule.from} → {rule.to}, {rule.reason.replace('_', ' ')}
          {when.length > 0 ? `, ${when.join(', ')}` : ''}
        </span>
      </th>
      <td className="wrap" data-label="owner">
        {rule.owner}
        {rule.approval ? <span className="quiet stack-line">approved by {rule.approval.by}</span> : null}
        {rule.ended ? <span className="quiet stack-line">ended by {rule.ended.by}</span> : null}
      </td>
      <td className="num" data-label="took">
        {rule.seen === 0 ? (
          <span className="quiet">nothing seen</span>
        ) : (
          <>
            {count(rule.demoted)} of {count(rule.seen)}
            {rule.held > 0 ? <span className="quiet stack-line">{count(rule.held)} held back</span> : null}
          </>
        )}
      </td>
      <td className="num" data-label="may take">
        {percent(rule.maxShare)}
      </td>
      <td className="num" data-label="ends">
        <span className={rule.status === 'acting' && rule.left < WEEK ? 'is-short-text' : undefined}>
          <Time at={rule.approval?.until ?? rule.expiresAt} show="ago" />
        </span>
        <Actions rule={rule} />
      </td>
    </tr>
  );
}

/** Ends a rule that acts; approves one that may be extended for another week. */
function Actions({ rule }: { readonly rule: DemotionView }) {
  const client = useQueryClient();
  const may = useMay('operator');
  if (!may || rule.status === 'ended') return null;
  const act = async (what: () => Promise<unknown>, done: string): Promise<void> => {
    try {
      await what();
      toast(done);
      await client.invalidateQueries({ queryKey: ['tiers'] });
    } catch (error) {
      const said = explain(error);
      toast(`${said.title} ${said.hint}`, 'failed');
    }
  };
  const extendable = rule.onExpire === 'extend-with-approval' && rule.left < WEEK;
  return (
    <span className="stack-line row-actions">
      {extendable ? (
        <button
          type="button"
          className="button"
          onClick={() =>
            void act(
              () =>
                api.demotions.approve(rule.route, rule.id, { until: Math.max(now(), rule.expiresAt) + WEEK }),
              `${rule.id} goes on for a week`,
            )
          }
        >
          One week more
        </button>
      ) : null}
      {rule.status === 'expired' ? null : (
        <button
          type="button"
          className="button button-danger"
          onClick={() => void act(() => api.demotions.end(rule.route, rule.id), `${rule.id} has ended`)}
        >
          End it
        </button>
      )}
    </span>
  );
}
