import { type ReactNode, useEffect, useState } from 'react';
import { after } from '../data/clock.ts';
import { CheckIcon, CopyIcon } from './icons.tsx';
import { toast } from './toasts.tsx';

/** Plain http on another address than loopback has no clipboard; then we say so instead of pretending. */
export const copyText = async (text: string, what: string): Promise<boolean> => {
  try {
    await navigator.clipboard.writeText(text);
    toast(`Copied ${what}`);
    return true;
  } catch {
    toast('The browser did not allow copying; select the text and copy it by hand.', 'failed');
    return false;
  }
};

export function CopyButton({
  text,
  what,
  children,
}: {
  readonly text: string | (() => Promise<string>);
  /** Completes the sentence “Copy …”. */
  readonly what: string;
  readonly children?: ReactNode;
}) {
  const [done, setDone] = useState(false);
  useEffect(() => (done ? after(1_500, () => setDone(false)) : undefined), [done]);
  const copy = async (): Promise<void> => {
    try {
      setDone(await copyText(typeof text === 'string' ? text : await text(), what));
    } catch (error) {
      toast(`Could not copy ${what}: ${error instanceof Error ? error.message : String(error)}`, 'failed');
    }
  };
  return (
    <button
      type="button"
      className={children ? 'button' : 'icon-button'}
      aria-label={`Copy ${what}`}
      title={`Copy ${what}`}
      onClick={() => void copy()}
    >
      {done ? <CheckIcon /> : <CopyIcon />}
      {children}
    </button>
  );
}

/** Code with a button to take it along. */
export function Code({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <div className="code">
      {/* A long line scrolls; what scrolls must be reachable by key. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region needs focus to be scrolled by key */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} what={what} />
    </div>
  );
}
