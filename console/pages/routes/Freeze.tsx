import type { RouteView } from '@midwatch/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { api } from '../../data/client.ts';
import { useMay } from '../../data/queries.ts';
import { ActFailed, useAct } from '../../parts/act.tsx';
import { Badge } from '../../parts/Badge.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
import { Time } from '../../parts/Time.tsx';
import { toast } from '../../parts/toasts.tsx';

type Frozen = NonNullable<RouteView['frozen']>;

/** Its policy is held as it is: nothing is wrong, and nothing moves. */
export const FrozenBadge = ({ frozen }: { readonly frozen: Frozen | undefined }) =>
  frozen ? <Badge tone="waiting">frozen</Badge> : null;

/** Who holds the route, since when and why. */
export const FrozenNote = ({ frozen }: { readonly frozen: Frozen }) => (
  <p className="frozen-note">
    Held at version <code>{frozen.version}</code> by {frozen.by} <Time at={frozen.at} show="ago" />
    {frozen.reason === undefined ? '' : `: ${frozen.reason}`}. A configuration that would change it is refused
    until it is thawed.
  </p>
);

/** The button that holds a route or lets it go, for whoever may. */
export function FreezeButton({ route }: { readonly route: RouteView }) {
  const may = useMay('operator');
  const [open, setOpen] = useState(false);
  if (!may) return null;
  return (
    <>
      <button type="button" className="button" onClick={() => setOpen(true)}>
        {route.frozen ? 'Thaw' : 'Freeze'}
      </button>
      {open ? <FreezeDialog route={route} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function FreezeDialog({ route, onClose }: { readonly route: RouteView; readonly onClose: () => void }) {
  const client = useQueryClient();
  const id = useId();
  const { act, busy, error } = useAct();
  const { name, frozen } = route;
  const submit = (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get('reason') ?? '').trim();
    return act(async () => {
      if (frozen) await api.routes.thaw(name);
      else await api.routes.freeze(name, reason ? { reason } : {});
      toast(frozen ? `Thawed ${name}` : `Froze ${name}`);
      await Promise.all([
        client.invalidateQueries({ queryKey: ['route', name] }),
        client.invalidateQueries({ queryKey: ['routes'] }),
      ]);
      onClose();
    });
  };
  return (
    <Dialog title={frozen ? `Thaw “${name}”?` : `Freeze “${name}”`} field={!frozen} onClose={onClose}>
      <form className="form" onSubmit={(event) => void submit(event)}>
        {frozen ? (
          <p>
            What the configuration says of it is in force again on every gateway within two seconds, and what
            moves by itself goes on.
          </p>
        ) : (
          <>
            <p className="form-note">
              Its policy is held on every gateway as it is. Exercises, copies and ramps stand still, and a
              configuration that would change it is refused.
            </p>
            <div className="field">
              <label htmlFor={`${id}-reason`}>
                Reason <span className="quiet">told to whoever is refused</span>
              </label>
              <input
                id={`${id}-reason`}
                className="input"
                name="reason"
                data-first
                maxLength={500}
                autoComplete="off"
                placeholder="incident 12"
              />
            </div>
          </>
        )}
        <ActFailed error={error} />
        <footer className="form-foot">
          <button type="button" className="button" onClick={onClose}>
            {frozen ? 'Keep it frozen' : 'Cancel'}
          </button>
          <button type="submit" className="button button-main" disabled={busy}>
            {frozen ? 'Thaw route' : 'Freeze route'}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
