import { codeSpans } from './codeSpans.ts';

/** A sentence of the server, in which `commands` stand between backticks as in a terminal. */
export function Marked({ text }: { readonly text: string }) {
  return codeSpans(text).map((span) =>
    span.code ? <code key={span.at}>{span.text}</code> : <span key={span.at}>{span.text}</span>,
  );
}
