import { CopyButton } from './Copy.tsx';

/** Lines to be pasted into a file. */
export function Snippet({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <div className="code snippet">
      <pre>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} what={what} />
    </div>
  );
}
