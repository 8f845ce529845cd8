import { type ReactNode, useEffect, useId, useRef } from 'react';
import { CloseIcon } from './icons.tsx';

/**
 * The browser's own modal dialog: it keeps focus inside, makes the rest inert and closes on Esc, without a style sheet
 * injected at run time, which the page's CSP would refuse.
 */
export function Dialog({
  title,
  onClose,
  children,
  bare = false,
  field = false,
  className = '',
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** Without a visible heading; the title is still read out. */
  readonly bare?: boolean;
  /** One of its fields is marked `data-first` and takes the focus. */
  readonly field?: boolean;
  readonly className?: string;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) {
      dialog.showModal();
      // Not on the button that closes it, where the browser would put it: on what the dialog is for.
      dialog.querySelector<HTMLElement>('[data-first]')?.focus();
    }
    return () => dialog?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Esc, the key for this, is the browser's own
    <dialog
      ref={ref}
      className={`dialog ${className}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === ref.current) onClose();
      }}
    >
      <div className="dialog-body" tabIndex={-1} data-first={field ? undefined : true}>
        <header className={bare ? 'sr' : 'dialog-head'}>
          <h2 id={id}>{title}</h2>
          {bare ? null : (
            <button type="button" className="icon-button" aria-label="Close" onClick={onClose}>
              <CloseIcon />
            </button>
          )}
        </header>
        {children}
      </div>
    </dialog>
  );
}
