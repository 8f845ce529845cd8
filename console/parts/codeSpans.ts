export interface Span {
  readonly text: string;
  readonly code: boolean;
  /** Position in the text; tells spans apart. */
  readonly at: number;
}

/** Text between backticks apart from the rest. A backtick without a partner is only a backtick. */
export const codeSpans = (text: string): readonly Span[] => {
  const spans: Span[] = [];
  let at = 0;
  for (const found of text.matchAll(/`([^`\n]+)`/g)) {
    if (found.index > at) spans.push({ text: text.slice(at, found.index), code: false, at });
    spans.push({ text: found[1] ?? '', code: true, at: found.index });
    at = found.index + found[0].length;
  }
  if (at < text.length) spans.push({ text: text.slice(at), code: false, at });
  return spans;
};
