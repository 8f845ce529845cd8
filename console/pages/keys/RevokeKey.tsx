import type { KeyView } from '@midwatch/contracts';
import { useState } from 'react';
import { api } from '../../data/client.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { Marked } from '../../parts/Marked.tsx';
import { explain } from '../../parts/states.tsx';
import { Time } from '../../parts/Time.tsx';
import { toast } from '../../parts/toasts.tsx';

export function RevokeKey({
  target,
  onClose,
  onRevoked,
}: {
  readonly target: KeyView;
  readonly onClose: () => void;
  readonly onRevoked: () => void;
}) {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>();
  const revoke = async (): Promise<void> => {
    setBusy(true);
    setFailed(undefined);
    try {
      await api.keys.revoke(target.id);
      toast(`Revoked ${target.name}`);
      onRevoked();
    } catch (error) {
      setFailed(error);
      setBusy(false);
    }
  };
  const said = failed === undefined ? undefined : explain(failed);
  return (
    <Dialog title={`Revoke “${target.name}”?`} onClose={onClose}>
      <p>
        Callers with <code>{target.hint}</code> are refused within a second. It was last used{' '}
        {target.lastUsedAt === undefined ? 'never' : <Time at={target.lastUsedAt} show="ago" />}. This cannot
        be undone.
      </p>
      {said ? (
        <p className="field-error" role="alert">
          <strong>{said.title}</strong> <Marked text={said.hint} />
        </p>
      ) : null}
      <footer className="form-foot">
        <button type="button" className="button" onClick={onClose}>
          Keep it
        </button>
        <button type="button" className="button button-danger" disabled={busy} onClick={() => void revoke()}>
          {busy ? 'Revoking …' : 'Revoke key'}
        </button>
      </footer>
    </Dialog>
  );
}
