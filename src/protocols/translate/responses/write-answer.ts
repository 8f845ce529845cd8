import type { TranslateContext } from '#contracts';
import { isObject, type Json } from '../../shared/json.ts';
import type { Answer, Said } from '../assembler.ts';
import { Assembler } from '../assembler.ts';
import type { Begin, Citation, DialectName, End, Open, Seal } from '../neutral.ts';
import { markSeal, sealOr } from '../seal.ts';
import { responsesUsage } from '../usage.ts';
import { REFUSED, wordFor } from '../words.ts';
import { askOf, type StreamWriter } from '../writer.ts';

/** Reasons of an incomplete answer; the others are completed. */
const REASONS = {
  length: 'max_output_tokens',
  context_overflow: 'max_output_tokens',
  content_filter: 'content_filter',
  stop: 'stop_sequence',
} as const;
const COMPLETED = new Set(['complete', 'tool', 'refusal']);

/** What a response repeats of its ask, and what it is when the ask did not say. */
function echo(ask: Json): Json {
  const or = (key: string, otherwise: unknown): unknown => ask[key] ?? otherwise;
  return {
    background: false,
    instructions: or('instructions', null),
    max_output_tokens: or('max_output_tokens', null),
    metadata: or('metadata', {}),
    parallel_tool_calls: or('parallel_tool_calls', true),
    previous_response_id: null,
    reasoning: or('reasoning', { effort: null, summary: null }),
    store: false,
    temperature: or('temperature', null),
    text: or('text', { format: { type: 'text' } }),
    tool_choice: or('tool_choice', 'auto'),
    tools: or('tools', []),
    top_p: or('top_p', null),
    truncation: or('truncation', 'disabled'),
  };
}

const headOf = (begin: Begin, context: TranslateContext): Json => ({
  id: `resp_${context.exchange}`,
  object: 'response',
  created_at: Math.floor(context.at / 1000),
  model: begin.model ?? context.model,
  ...echo(askOf(context)),
});

export function endOf(end: End): Json {
  const completed = COMPLETED.has(end.outcome);
  return {
    status: completed ? 'completed' : 'incomplete',
    error: null,
    incomplete_details: completed ? null : { reason: wordFor(end, REASONS) },
    usage: end.usage ? responsesUsage(end.usage) : null,
  };
}

type Place = 'message' | 'reasoning' | 'call';
const placeOf = (open: Open): Place =>
  open.kind === 'call' ? 'call' : open.kind === 'reasoning' ? 'reasoning' : 'message';

/** An item and the parts of the answer it is made of: texts and refusals in a row are one message. */
interface Item {
  readonly place: Place;
  readonly id: string;
  readonly parts: readonly Said[];
}

/** OpenAI looks at the first letters of an id that is sent back. */
const PREFIX: Readonly<Record<Place, string>> = { message: 'msg', reasoning: 'rs', call: 'fc' };
const idOf = (open: Open, index: number, context: TranslateContext): string => {
  const prefix = open.kind === 'call' && open.custom ? 'ctc' : PREFIX[placeOf(open)];
  return `${prefix}_${context.exchange}_${index}`;
};

const annotationOf = ({ url, title, start, end }: Citation): Json => ({
  type: 'url_citation',
  url,
  title,
  start_index: start,
  end_index: end,
});

const contentOf = ({ open, text, citations }: Said): Json =>
  open.kind === 'refusal'
    ? { type: 'refusal', refusal: text }
    : { type: 'output_text', text, annotations: citations.map(annotationOf), logprobs: [] };

function itemOf({ place, id, parts }: Item, by: DialectName, status: string): Json {
  const [part] = parts;
  if (place === 'message' || !part)
    return { id, type: 'message', status, role: 'assistant', content: parts.map(contentOf) };
  const { open, text, seal } = part;
  if (open.kind === 'call') {
    const { id: call_id, name } = open;
    return open.custom
      ? { id, type: 'custom_tool_call', status, call_id, name, input: text }
      : { id, type: 'function_call', status, call_id, name, arguments: text };
  }
  return {
    id,
    type: 'reasoning',
    summary: text === '' ? [] : [{ type: 'summary_text', text }],
    encrypted_content: status === 'in_progress' ? null : markSeal(sealOr(seal, by)),
  };
}

function itemsOf(parts: readonly Said[], context: TranslateContext): Item[] {
  const items: { place: Place; id: string; parts: Said[] }[] = [];
  for (const part of parts) {
    const place = placeOf(part.open);
    const last = items.at(-1);
    if (place === 'message' && last?.place === 'message') last.parts.push(part);
    else items.push({ place, id: idOf(part.open, items.length, context), parts: [part] });
  }
  return items;
}

/** A refusal must be a part; where the target only said that it refused, its explanation becomes one. */
const withRefusal = (parts: readonly Said[], end: End): readonly Said[] =>
  end.outcome === 'refusal' && !parts.some(({ open }) => open.kind === 'refusal')
    ? [...parts, { open: { kind: 'refusal' }, text: end.explanation ?? REFUSED, citations: [] }]
    : parts;

export function writeResponsesAnswer(
  { head, parts, end }: Answer,
  by: DialectName,
  context: TranslateContext,
): Json {
  const items = itemsOf(withRefusal(parts, end), context);
  return {
    ...headOf(head, context),
    ...endOf(end),
    ...tierOf(end.tier ?? head.tier),
    output: items.map((item, i) => itemOf(item, by, statusOf(end, i === items.length - 1))),
  };
}

/** The item at which an incomplete answer broke off is incomplete itself. */
export const statusOf = (end: End, last: boolean): string =>
  last && !COMPLETED.has(end.outcome) ? 'incomplete' : 'completed';

const tierOf = (tier: string | undefined): Json => (tier === undefined ? {} : { service_tier: tier });

export class ResponsesWriter implements StreamWriter {
  ended = false;
  readonly #by: DialectName;
  readonly #context: TranslateContext;
  readonly #answer = new Assembler();
  #out = '';
  #sequence = 0;
  #head: Json = {};
  /** Items that are over. */
  readonly #done: Json[] = [];
  /** The item that is open, and the first of the answer's parts that belongs to it. */
  #item: { readonly place: Place; readonly id: string; readonly from: number } | undefined;
  #before = '';
  #after = '';

  constructor(by: DialectName, context: TranslateContext) {
    this.#by = by;
    this.#context = context;
  }

  take(): string {
    const out = this.#out;
    this.#out = '';
    return out;
  }

  begin(begin: Begin): void {
    this.#answer.begin(begin);
    this.#head = { ...headOf(begin, this.#context), ...tierOf(begin.tier) };
    const response = {
      ...this.#head,
      status: 'in_progress',
      error: null,
      incomplete_details: null,
      output: [],
      usage: null,
    };
    this.#event('response.created', { response });
    this.#event('response.in_progress', { response });
  }

  open(open: Open): void {
    const place = placeOf(open);
    if (this.#item && (place !== 'message' || this.#item.place !== 'message')) this.#itemDone('completed');
    this.#answer.open(open);
    const part = this.#part();
    if (!this.#item) {
      this.#item = {
        place,
        id: idOf(open, this.#done.length, this.#context),
        from: this.#answer.parts.length - 1,
      };
      const empty = itemOf(
        { ...this.#item, parts: place === 'message' ? [] : [part] },
        this.#by,
        'in_progress',
      );
      this.#event('response.output_item.added', { output_index: this.#done.length, item: empty });
    }
    this.#before = '';
    if (place === 'message')
      this.#event('response.content_part.added', { ...this.#at(), part: contentOf(part) });
  }

  piece(text: string): void {
    const { open } = this.#part();
    if (this.#before === '') this.#delta(open);
    this.#answer.piece(text);
    this.#out += `${this.#before}${this.#sequence++}${this.#after}${JSON.stringify(text)}}\n\n`;
  }

  cite(citation: Citation): void {
    this.#answer.cite(citation);
    const annotation_index = this.#part().citations.length - 1;
    this.#event('response.output_text.annotation.added', {
      ...this.#at(),
      annotation_index,
      annotation: annotationOf(citation),
    });
  }

  close(seal?: Seal): void {
    this.#answer.close(seal);
    const part = this.#part();
    const { kind } = part.open;
    if (kind === 'text')
      this.#event('response.output_text.done', { ...this.#at(), text: part.text, logprobs: [] });
    else if (kind === 'refusal') this.#event('response.refusal.done', { ...this.#at(), refusal: part.text });
    else if (kind === 'reasoning') {
      if (part.text !== '') {
        const at = { ...this.#where(), summary_index: 0 };
        this.#event('response.reasoning_summary_text.done', { ...at, text: part.text });
        this.#event('response.reasoning_summary_part.done', {
          ...at,
          part: { type: 'summary_text', text: part.text },
        });
      }
    } else if (part.open.kind === 'call' && part.open.custom)
      this.#event('response.custom_tool_call_input.done', { ...this.#where(), input: part.text });
    else
      this.#event('response.function_call_arguments.done', {
        ...this.#where(),
        ...(part.open.kind === 'call' ? { name: part.open.name } : {}),
        arguments: part.text,
      });
    if (kind === 'text' || kind === 'refusal')
      this.#event('response.content_part.done', { ...this.#at(), part: contentOf(part) });
  }

  end(end: End): void {
    if (withRefusal(this.#answer.parts, end) !== this.#answer.parts) {
      this.open({ kind: 'refusal' });
      this.piece(end.explanation ?? REFUSED);
      this.close();
    }
    if (this.#item) this.#itemDone(statusOf(end, true));
    const ending = endOf(end);
    const response = {
      ...this.#head,
      ...ending,
      ...tierOf(end.tier ?? this.#answer.head.tier),
      output: this.#done,
    };
    this.#event(`response.${String(ending.status)}`, { response });
    this.ended = true;
  }

  #itemDone(status: string): void {
    if (!this.#item) return;
    const item = itemOf(
      { ...this.#item, parts: this.#answer.parts.slice(this.#item.from) },
      this.#by,
      status,
    );
    this.#event('response.output_item.done', { output_index: this.#done.length, item });
    this.#done.push(item);
    this.#item = undefined;
  }

  /** The part that is open. */
  #part(): Said {
    return this.#answer.parts.at(-1) ?? { open: { kind: 'text' }, text: '', citations: [] };
  }

  #where(): Json {
    return { item_id: this.#item?.id, output_index: this.#done.length };
  }

  #at(): Json {
    return { ...this.#where(), content_index: this.#answer.parts.length - 1 - (this.#item?.from ?? 0) };
  }

  /** Prepares what all deltas of a part share, so that each costs one string. */
  #delta(open: Open): void {
    const [type, at, rest] =
      open.kind === 'text'
        ? ['response.output_text.delta', this.#at(), { logprobs: [] }]
        : open.kind === 'refusal'
          ? ['response.refusal.delta', this.#at(), {}]
          : open.kind === 'reasoning'
            ? ['response.reasoning_summary_text.delta', { ...this.#where(), summary_index: 0 }, {}]
            : open.kind === 'call' && open.custom
              ? ['response.custom_tool_call_input.delta', this.#where(), {}]
              : ['response.function_call_arguments.delta', this.#where(), {}];
    if (open.kind === 'reasoning')
      this.#event('response.reasoning_summary_part.added', {
        ...at,
        part: { type: 'summary_text', text: '' },
      });
    const name = String(type);
    this.#before = `event: ${name}\ndata: {"type":"${name}","sequence_number":`;
    this.#after = `,${JSON.stringify({ ...at, ...rest }).slice(1, -1)},"delta":`;
  }

  #event(type: string, data: Json): void {
    this.#out += `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: this.#sequence++, ...(isObject(data) ? data : {}) })}\n\n`;
  }
}
