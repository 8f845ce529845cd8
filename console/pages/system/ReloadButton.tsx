import { plural } from '@midwatch/contracts/say';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../data/client.ts';
import { useMay } from '../../data/queries.ts';
import { explain } from '../../parts/states.tsx';
import { toast } from '../../parts/toasts.tsx';

/** Reads the configuration again; what runs goes on as it began. */
export function ReloadButton() {
  const client = useQueryClient();
  const may = useMay('operator');
  const [busy, setBusy] = useState(false);
  if (!may) return null;
  const reload = async (): Promise<void> => {
    setBusy(true);
    try {
      const { changed } = await api.reload();
      toast(
        changed.length === 0
          ? 'Nothing has changed in the configuration'
          : `Reloaded, ${plural(changed.length, 'change')}`,
      );
      await client.invalidateQueries();
    } catch (error) {
      const said = explain(error);
      toast(`${said.title} ${said.hint}`, 'failed');
    } finally {
      setBusy(false);
    }
  };
  return (
    <button type="button" className="button" disabled={busy} onClick={() => void reload()}>
      {busy ? 'Reading …' : 'Reload configuration'}
    </button>
  );
}
