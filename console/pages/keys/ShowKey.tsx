import type { KeyCreated } from '@midwatch/contracts';
import { useState } from 'react';
import { Code } from '../../parts/Copy.tsx';
import { Dialog } from '../../parts/Dialog.tsx';

/** The one moment in which the key can be seen. It does not close by a stray click or Esc. */
export function ShowKey({
  created,
  onClose,
}: {
  readonly created: KeyCreated;
  readonly onClose: () => void;
}) {
  const [asked, setAsked] = useState(false);
  return (
    <Dialog title={`Key “${created.name}”`} onClose={() => setAsked(true)}>
      <p>
        Copy it now. Only its hash is kept: <strong>it cannot be shown again.</strong>
      </p>
      <Code text={created.key} what="the key" />
      <Code text={`export MIDWATCH_KEY=${created.key}`} what="the export line" />
      <footer className="form-foot">
        {asked ? (
          <p className="form-foot-note" role="alert">
            Have you copied it?
          </p>
        ) : null}
        <button type="button" className="button button-main" onClick={onClose}>
          I have copied it
        </button>
      </footer>
    </Dialog>
  );
}
