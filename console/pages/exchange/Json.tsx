import { useMemo } from 'react';
import { CopyButton } from '../../parts/Copy.tsx';
import { type JsonToken, jsonTokens } from './conversation.ts';

/** Above this many characters colours cost more than they tell. */
const COLOURED = 120_000;

export function Json({ value, what }: { readonly value: unknown; readonly what: string }) {
  const text = useMemo(() => JSON.stringify(value, null, 2) ?? 'null', [value]);
  return (
    <div className="code code-tall">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region needs focus to be scrolled by key */}
      <pre tabIndex={0}>
        <code>
          <JsonText text={text} />
        </code>
      </pre>
      <CopyButton text={text} what={what} />
    </div>
  );
}

export function JsonText({ text }: { readonly text: string }) {
  const tokens = useMemo(
    (): readonly JsonToken[] => (text.length > COLOURED ? [{ kind: 'plain', text }] : jsonTokens(text)),
    [text],
  );
  return tokens.map((token, at) =>
    token.kind === 'plain' ? (
      token.text
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the tokens of one text, in its order
      <span key={at} className={`json-${token.kind}`}>
        {token.text}
      </span>
    ),
  );
}
