import { useState } from 'react';
import { Marked } from './Marked.tsx';
import { explain } from './states.tsx';

/** One thing that a form does, once at a time. It stays busy after it succeeded: the form is about to go. */
export function useAct() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const act = async (what: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await what();
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  return { act, busy, error };
}

/** Why it was not done and what helps, beside the button that was pressed. */
export function ActFailed({ error }: { readonly error: unknown }) {
  if (error === undefined) return null;
  const { title, hint } = explain(error);
  return (
    <p className="field-error" role="alert">
      <strong>{title}</strong> <Marked text={hint} />
    </p>
  );
}
