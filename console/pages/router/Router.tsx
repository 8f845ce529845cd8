import type { RouterArmView, RouterView } from '@midwatch/contracts';
import { count, dollars, interval, NONE, percent } from '@midwatch/contracts/say';
import { useQuery } from '@tanstack/react-query';
import { routersQuery } from '../../data/queries.ts';
import { Badge, type Tone } from '../../parts/Badge.tsx';
import { Gauge } from '../../parts/Gauge.tsx';
import { Marked } from '../../parts/Marked.tsx';
import { Page, Section } from '../../parts/Page.tsx';
import { Snippet } from '../../parts/Snippet.tsx';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx';
import { Time } from '../../parts/Time.tsx';

const EXAMPLE = `routes:
  support:
    tiers:
      - name: large
        targets: [ { provider: openai, model: gpt-5.5 } ]
      - name: small
        targets: [ { provider: openai, model: gpt-5.5-mini } ]
    router:
      cheap: small
      dear: large
      rules: [ { take: dear, tools: 1 } ]
      otherwise: cheap
      expectedEscalation: 0.3
`;
const TONE: Readonly<Record<RouterView['verdict'], Tone>> = {
  saves: 'good',
  loses: 'broken',
  undecided: 'running',
};

/** What a router costs in all: with the repeats that its wrong decisions cause. */
export function Router() {
  const found = useQuery(routersQuery);
  return (
    <Page title="Router">
      {found.isError && !found.data ? (
        <ErrorState error={found.error} retry={() => void found.refetch()} />
      ) : found.isPending ? (
        <Skeleton lines={5} height={64} label="routers" />
      ) : found.data.length === 0 ? (
        <EmptyState title="No route has a router">
          <p>
            A router sends easy asks to a cheap model. Here its books are kept: money per solved task, repeats
            charged, against a share of the traffic that always takes the dear one.
          </p>
          <Snippet text={EXAMPLE} what="the example" />
        </EmptyState>
      ) : (
        <div className="board">
          {found.data.map((router) => (
            <Books key={router.route} router={router} />
          ))}
        </div>
      )}
    </Page>
  );
}

function Books({ router }: { readonly router: RouterView }) {
  const { escalation, tasks } = router;
  const scale = Math.max(1e-9, escalation.declared * 2, escalation.upper);
  return (
    <Section
      title={router.route}
      aside={
        <span>
          {router.cheap} or {router.dear}, by {router.decidedBy} · since <Time at={router.since} show="ago" />
        </span>
      }
    >
      <p className="ramp-says">
        <Badge tone={TONE[router.verdict]}>
          {router.verdict}
          {router.final ? '' : ' so far'}
        </Badge>
        <span>
          <Marked text={router.says} />
        </span>
      </p>
      <div className="table-scroll">
        <table className="table">
          <caption className="sr">Closed tasks of {router.route}</caption>
          <thead>
            <tr>
              <th scope="col">Path</th>
              <th scope="col" className="num">
                Tasks
              </th>
              <th scope="col" className="num">
                Calls a task
              </th>
              <th scope="col" className="num">
                Solved
              </th>
              <th scope="col" className="num">
                Spent
              </th>
              <th scope="col" className="num">
                A solved task
              </th>
            </tr>
          </thead>
          <tbody>
            <Arm name="with the router" arm={router.router} />
            <Arm name={`always ${router.dear}`} arm={router.frontier} />
          </tbody>
        </table>
      </div>
      <div className="gauges">
        <Gauge
          label={`Sent to ${router.dear}`}
          says={
            escalation.estimate === undefined ? (
              'no data'
            ) : (
              <>
                {percent(escalation.estimate)}{' '}
                <span className="quiet">{interval(escalation.lower, escalation.upper)}</span>
              </>
            )
          }
          parts={[
            { share: (escalation.estimate ?? 0) / scale, kind: escalation.finding ? 'broken' : 'good' },
          ]}
          mark={escalation.declared / scale}
          note={`declared ${percent(escalation.declared)} ± ${percent(escalation.band)}${escalation.finding ? `, lies ${escalation.finding} it` : ''}`}
        />
        <Gauge
          label="Evidence"
          says={`${count(tasks.closed)} of ${count(tasks.planned)} tasks`}
          parts={[{ share: tasks.closed / Math.max(1, tasks.planned), kind: 'good' }]}
          note={`${count(tasks.open)} under way · ${percent(router.holdback)} always take ${router.dear}`}
        />
      </div>
      {router.regret ? <Regret regret={router.regret} /> : null}
      <p className="quiet small">
        {[
          router.unpriced > 0
            ? `${count(router.unpriced)} calls without a price count as nothing: the books are not to be trusted`
            : undefined,
          router.onPaper === undefined
            ? undefined
            : `On paper, repeats not charged: saves ${percent(router.onPaper)}`,
          router.saved === undefined
            ? undefined
            : router.saved < 0
              ? `in truth it costs ${percent(-router.saved)} more per solved task`
              : `in truth ${percent(router.saved)} per solved task`,
          router.classifier
            ? `classifier asked ${count(router.classifier.asked)} times, late ${count(router.classifier.late)}, failed ${count(router.classifier.failed)}`
            : undefined,
          router.classifier?.calibration
            ? `its calibration error ${router.classifier.calibration.ece.toFixed(3)}, by chance alone ${router.classifier.calibration.byChance.toFixed(3)}`
            : undefined,
          router.tuned
            ? `threshold ${router.tuned.threshold > 1 ? 'never cheap' : router.tuned.threshold.toFixed(3)} would save ${dollars(router.tuned.gain.estimate)} an ask (${dollars(router.tuned.gain.lower)} to ${dollars(router.tuned.gain.upper)}): ${router.tuned.verdict}`
            : undefined,
        ]
          .filter((word) => word !== undefined)
          .join(' · ')}
      </p>
    </Section>
  );
}

function Arm({ name, arm }: { readonly name: string; readonly arm: RouterArmView }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className="num">{count(arm.tasks)}</td>
      <td className="num">{arm.tasks === 0 ? '–' : (arm.exchanges / arm.tasks).toFixed(2)}</td>
      <td className="num">{arm.tasks === 0 ? '–' : percent(arm.solved / arm.tasks)}</td>
      <td className="num">{dollars(arm.microUsd)}</td>
      <td className="num">
        {arm.perSolved ? (
          <>
            {dollars(arm.perSolved.estimate)}{' '}
            <span className="quiet">
              {dollars(arm.perSolved.lower)}–{dollars(arm.perSolved.upper)}
            </span>
          </>
        ) : (
          <span className="quiet" title="no task was solved yet">
            {NONE}
          </span>
        )}
      </td>
    </tr>
  );
}

/** Right and wrong choices, where both models were asked. */
function Regret({ regret }: { readonly regret: NonNullable<RouterView['regret']> }) {
  const cell = (share: { readonly estimate: number; readonly lower: number; readonly upper: number }) => (
    <td className="num">
      {percent(share.estimate)} <span className="quiet">{interval(share.lower, share.upper)}</span>
    </td>
  );
  return (
    <table className="table table-tight regret">
      <caption>
        Where both were asked, {count(regret.pairs)} pairs: a wrong choice costs{' '}
        {dollars(regret.microUsd.estimate)} an ask
      </caption>
      <thead>
        <tr>
          <td />
          <th scope="col" className="num">
            rightly
          </th>
          <th scope="col" className="num">
            wrongly
          </th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">sent cheap</th>
          {cell(regret.rightCheap)}
          {cell(regret.falseCheap)}
        </tr>
        <tr>
          <th scope="row">sent dear</th>
          {cell(regret.rightDear)}
          {cell(regret.falseDear)}
        </tr>
      </tbody>
    </table>
  );
}
