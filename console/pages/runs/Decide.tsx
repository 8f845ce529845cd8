import type { Run, RunApproval } from '@midwatch/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { api } from '../../data/client.ts';
import { ActFailed, useAct } from '../../parts/act.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
import { Time } from '../../parts/Time.tsx';
import { toast } from '../../parts/toasts.tsx';

type Wish = 'approve' | 'refuse';

/** Yes or no to a run that awaits approval, for whoever may. */
export function DecideButtons({ run }: { readonly run: Run }) {
  const [wish, setWish] = useState<Wish>();
  return (
    <>
      <button type="button" className="button" onClick={() => setWish('refuse')}>
        Refuse
      </button>
      <button type="button" className="button button-main" onClick={() => setWish('approve')}>
        Approve
      </button>
      {wish ? <DecideDialog run={run} wish={wish} onClose={() => setWish(undefined)} /> : null}
    </>
  );
}

/** Until when, or who said what and why. */
export function Approval({ approval }: { readonly approval: RunApproval }) {
  const { until, why, decision, by, at, reason } = approval;
  return (
    <>
      {decision === undefined ? (
        <>
          by <Time at={until} show="full" />
        </>
      ) : (
        <>
          {decision} by {by} {at === undefined ? null : <Time at={at} show="full" />}
          {reason === undefined ? '' : `: ${reason}`}
        </>
      )}
      {why === undefined ? null : <div className="quiet">asked: {why}</div>}
    </>
  );
}

function DecideDialog({
  run,
  wish,
  onClose,
}: {
  readonly run: Run;
  readonly wish: Wish;
  readonly onClose: () => void;
}) {
  const client = useQueryClient();
  const id = useId();
  const { act, busy, error } = useAct();
  const yes = wish === 'approve';
  const submit = (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get('reason') ?? '').trim();
    return act(async () => {
      if (yes) await api.runs.approve(run.id, reason ? { reason } : {});
      else await api.runs.refuse(run.id, { reason });
      toast(yes ? 'Approved the run' : 'Refused the run');
      await Promise.all([
        client.invalidateQueries({ queryKey: ['run', run.id] }),
        client.invalidateQueries({ queryKey: ['runs'] }),
      ]);
      onClose();
    });
  };
  return (
    <Dialog title={yes ? 'Approve this run?' : 'Refuse this run?'} field onClose={onClose}>
      <form className="form" onSubmit={(event) => void submit(event)}>
        <p className="form-note">
          {yes
            ? 'It is taken up like any other, with the limits and budgets of the key that asked.'
            : 'It ends as cancelled, and no model is asked.'}
        </p>
        <div className="field">
          <label htmlFor={`${id}-reason`}>
            Reason <span className="quiet">told to whoever asked</span>
          </label>
          <input
            id={`${id}-reason`}
            className="input"
            name="reason"
            data-first
            required={!yes}
            maxLength={500}
            autoComplete="off"
          />
        </div>
        <ActFailed error={error} />
        <footer className="form-foot">
          <button type="button" className="button" onClick={onClose}>
            Not now
          </button>
          <button type="submit" className="button button-main" disabled={busy}>
            {yes ? 'Approve' : 'Refuse'}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
