import type { ExchangeDetail, Message, Part } from '@midwatch/contracts';
import { bytes, count, plural } from '@midwatch/contracts/say';
import { useState } from 'react';
import { blocksOf, foldAt, isInline, lengthOf, prettyJson, toolNames } from './conversation.ts';
import { JsonText } from './Json.tsx';

const FOLD = 1_600;

/** The whole of it as a log: who in the margin, what beside it. */
export function Conversation({ detail }: { readonly detail: ExchangeDetail }) {
  const { ask, answer, exchange } = detail;
  const names = toolNames([...ask, ...answer]);
  // Of thirty turns the last ones matter first; the rest is one click away, and in the raw ask.
  const early = ask.length > 12 ? ask.slice(0, ask.length - 8) : [];
  const late = ask.slice(early.length);
  return (
    <div className="talk">
      {detail.tools ? <Tools json={detail.tools} n={exchange.ask.tools} /> : null}
      {early.length > 0 ? (
        <details className="talk-early">
          <summary>{plural(early.length, 'earlier message')}</summary>
          {early.map((message, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: messages of one immutable ask, in its order
            <Turn key={at} message={message} names={names} />
          ))}
        </details>
      ) : null}
      {late.map((message, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages of one immutable ask, in its order
        <Turn key={at} message={message} names={names} />
      ))}
      <p className="talk-answer">
        {answer.length > 1 ? `Answer, ${plural(answer.length, 'message')}` : 'Answer'}
      </p>
      {answer.length === 0 ? <p className="quiet section-none">There was none.</p> : null}
      {answer.map((message, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages of one immutable answer, in its order
        <Turn key={at} message={message} names={names} answered />
      ))}
    </div>
  );
}

function Tools({ json, n }: { readonly json: string; readonly n: number }) {
  return (
    <details className="talk-tools">
      <summary>{n > 0 ? `${plural(n, 'tool')} offered` : 'Tools offered'}</summary>
      <pre>
        <code>
          <JsonText text={prettyJson(json)} />
        </code>
      </pre>
    </details>
  );
}

function Turn({
  message,
  names,
  answered = false,
}: {
  readonly message: Message;
  readonly names: ReadonlyMap<string, string>;
  readonly answered?: boolean;
}) {
  // Instructions are long and the same every time; what was said is what one came for.
  const most = message.role === 'system' || message.role === 'developer' ? 480 : FOLD;
  return (
    <section
      className="turn"
      data-role={message.role}
      data-answer={answered || undefined}
      aria-label={message.role}
    >
      <header>
        <span className="turn-role">{message.role}</span>
        {message.name ? <span className="quiet">{message.name}</span> : null}
        {lengthOf(message) > 800 ? <span className="quiet num">{count(lengthOf(message))} chars</span> : null}
      </header>
      <div className="turn-parts">
        {message.parts.length === 0 ? <p className="quiet">empty</p> : null}
        {message.parts.map((part, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts of one immutable message, in its order
          <PartView key={at} part={part} names={names} most={most} />
        ))}
      </div>
    </section>
  );
}

function PartView({
  part,
  names,
  most,
}: {
  readonly part: Part;
  readonly names: ReadonlyMap<string, string>;
  readonly most: number;
}) {
  switch (part.kind) {
    case 'text':
      return <Text text={part.text} most={most} />;
    case 'reasoning':
      return (
        <details className="part part-reasoning">
          <summary>
            {part.redacted
              ? 'Reasoning, withheld by the provider'
              : `Reasoning, ${count(part.text.length)} chars`}
          </summary>
          {part.redacted ? null : <Text text={part.text} />}
        </details>
      );
    case 'refusal':
      return (
        <div className="part part-refusal">
          <p className="part-head">refusal</p>
          <Text text={part.text} />
        </div>
      );
    case 'tool_call':
      return (
        <div className="part part-call">
          <p className="part-head">
            calls <strong>{part.tool}</strong> <span className="quiet mono">{part.id}</span>
          </p>
          <Folded text={prettyJson(part.args)} code />
        </div>
      );
    case 'tool_result':
      return (
        <div className={part.error ? 'part part-result part-failed' : 'part part-result'}>
          <p className="part-head">
            {part.error ? 'error of' : 'result of'} <strong>{names.get(part.id) ?? 'a tool'}</strong>{' '}
            <span className="quiet mono">{part.id}</span>
          </p>
          <Folded text={prettyJson(part.text)} code />
        </div>
      );
    case 'image':
    case 'audio':
    case 'file':
      return (
        <div className="part part-media">
          {part.kind === 'image' && isInline(part.source) ? (
            <img src={part.source} alt="As the caller sent it" />
          ) : null}
          <p className="quiet">
            {part.kind}
            {part.bytes === undefined ? '' : `, ${bytes(part.bytes)}`}{' '}
            <code className="part-source">{part.source.slice(0, 120)}</code>
          </p>
        </div>
      );
    case 'other':
      return (
        <div className="part part-other">
          <p className="part-head">
            {part.type} <span className="quiet">unknown to this version, as it came</span>
          </p>
          <Folded text={prettyJson(part.json)} code />
        </div>
      );
  }
}

function Text({ text, most = FOLD }: { readonly text: string; readonly most?: number }) {
  return blocksOf(text).map((block, at) =>
    block.kind === 'code' ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: blocks of one immutable text, in its order
      <div key={at} className="fence">
        {block.language ? <p className="part-head quiet">{block.language}</p> : null}
        <Folded text={block.text} code />
      </div>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: blocks of one immutable text, in its order
      <Folded key={at} text={block.text} most={most} />
    ),
  );
}

/** Long text is folded, never cut away: what is hidden says how much it is. */
function Folded({
  text,
  most = FOLD,
  code = false,
}: {
  readonly text: string;
  readonly most?: number;
  readonly code?: boolean;
}) {
  const [open, setOpen] = useState(false);
  const fold = foldAt(text, most);
  const shown = open || fold === undefined ? text : text.slice(0, fold);
  return (
    <>
      {code ? (
        <pre className="part-code">
          <code>{/^\s*[[{]/.test(shown) ? <JsonText text={shown} /> : shown}</code>
        </pre>
      ) : (
        <p className="prose" dir="auto">
          {shown}
        </p>
      )}
      {fold === undefined ? null : (
        <button type="button" className="unfold" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? 'Fold' : `Show ${count(text.length - fold)} more characters`}
        </button>
      )}
    </>
  );
}
