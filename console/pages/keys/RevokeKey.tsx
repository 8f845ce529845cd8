import type { KeyView } from '@midwatch/contracts';
import { api } from '../../data/client.ts';
import { ActFailed, useAct } from '../../parts/act.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
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
  const { act, busy, error } = useAct();
  const revoke = (): Promise<void> =>
    act(async () => {
      await api.keys.revoke(target.id);
      toast(`Revoked ${target.name}`);
      onRevoked();
    });
  return (
    <Dialog title={`Revoke “${target.name}”?`} onClose={onClose}>
      <p>
        Callers with <code>{target.hint}</code> are refused within a second. It was last used{' '}
        {target.lastUsedAt === undefined ? 'never' : <Time at={target.lastUsedAt} show="ago" />}. This cannot
        be undone.
      </p>
      <ActFailed error={error} />
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
