import type { KeyCreated } from '@midwatch/contracts';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useId } from 'react';
import { api } from '../../data/client.ts';
import { now } from '../../data/clock.ts';
import { routesQuery } from '../../data/queries.ts';
import { ActFailed, useAct } from '../../parts/act.tsx';
import { Dialog } from '../../parts/Dialog.tsx';

const DAY = 86_400_000;
const EXPIRY = [
  ['never', 'Never', undefined],
  ['30', 'In 30 days', 30 * DAY],
  ['90', 'In 90 days', 90 * DAY],
  ['365', 'In a year', 365 * DAY],
] as const;

export function CreateKey({
  first,
  onClose,
  onCreated,
}: {
  readonly first: boolean;
  readonly onClose: () => void;
  readonly onCreated: (key: KeyCreated) => void;
}) {
  const routes = useQuery(routesQuery);
  const { act, busy, error } = useAct();
  const id = useId();
  const submit = (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string): string => String(form.get(name) ?? '').trim();
    const chosen = form.getAll('route').map(String);
    const after = EXPIRY.find(([value]) => value === text('expiry'))?.[2];
    return act(async () =>
      onCreated(
        await api.keys.create({
          name: text('name'),
          ...(text('owner') ? { owner: text('owner') } : {}),
          ...(text('tenant') ? { tenant: text('tenant') } : {}),
          ...(chosen.length > 0 ? { routes: chosen } : {}),
          ...(after === undefined ? {} : { expiresAt: now() + after }),
        }),
      ),
    );
  };
  return (
    <Dialog title="Create a key" field onClose={onClose}>
      <form className="form" onSubmit={(event) => void submit(event)}>
        {first ? (
          <p className="form-note">
            From the first key on, every caller needs one. Calls without a key are refused at once.
          </p>
        ) : null}
        <div className="field">
          <label htmlFor={`${id}-name`}>Name</label>
          <input
            id={`${id}-name`}
            className="input"
            name="name"
            data-first
            required
            maxLength={100}
            autoComplete="off"
            placeholder="checkout, production"
          />
        </div>
        <div className="field-pair">
          <div className="field">
            <label htmlFor={`${id}-owner`}>
              Owner <span className="quiet">optional</span>
            </label>
            <input
              id={`${id}-owner`}
              className="input"
              name="owner"
              maxLength={200}
              autoComplete="off"
              placeholder="team or person"
            />
          </div>
          <div className="field">
            <label htmlFor={`${id}-tenant`}>
              Tenant <span className="quiet">optional</span>
            </label>
            <input id={`${id}-tenant`} className="input" name="tenant" maxLength={100} autoComplete="off" />
          </div>
        </div>
        <fieldset className="field">
          <legend>
            Routes <span className="quiet">none chosen means all</span>
          </legend>
          <div className="checks">
            {(routes.data ?? []).map((route) => (
              <label key={route.name} className="check">
                <input type="checkbox" name="route" value={route.name} />
                {route.name}
              </label>
            ))}
          </div>
        </fieldset>
        <div className="field">
          <label htmlFor={`${id}-expiry`}>Expires</label>
          <select id={`${id}-expiry`} className="select" name="expiry" defaultValue="never">
            {EXPIRY.map(([value, says]) => (
              <option key={value} value={value}>
                {says}
              </option>
            ))}
          </select>
        </div>
        <ActFailed error={error} />
        <footer className="form-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button button-main" disabled={busy}>
            {busy ? 'Creating …' : 'Create key'}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
