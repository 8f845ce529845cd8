import type { Message, Part } from '@midwatch/contracts';

export type Block = { readonly kind: 'prose' | 'code'; readonly text: string; readonly language?: string };

/** Prose and fenced code apart. An unclosed fence, as a cut answer leaves it, is code to the end. */
export const blocksOf = (text: string): readonly Block[] => {
  const blocks: Block[] = [];
  let at = 0;
  for (const fence of text.matchAll(/^(`{3,}|~{3,})([^\n`]*)\n([\s\S]*?)(?:^\1[ \t]*$|(?![\s\S]))/gm)) {
    const before = text.slice(at, fence.index);
    if (before.trim() !== '') blocks.push({ kind: 'prose', text: before.replace(/^\n+|\n+$/g, '') });
    const language = fence[2]?.trim() ?? '';
    blocks.push({
      kind: 'code',
      text: (fence[3] ?? '').replace(/\n$/, ''),
      ...(language === '' ? {} : { language }),
    });
    at = fence.index + fence[0].length;
  }
  const rest = text.slice(at);
  if (rest.trim() !== '' || blocks.length === 0)
    blocks.push({ kind: 'prose', text: at === 0 ? rest : rest.replace(/^\n+|\n+$/g, '') });
  return blocks;
};

/** A line of JSON that fits is read faster than the same on six. */
const ONE_LINE = 72;

/** Indented when it is long JSON, as it is otherwise: arguments of a cut answer often are none. */
export const prettyJson = (text: string): string => {
  const trimmed = text.trim();
  if (!/^[[{]/.test(trimmed)) return text;
  try {
    const indented = JSON.stringify(JSON.parse(trimmed), null, 2);
    const line = indented.replace(/\n\s*/g, ' ');
    return line.length <= ONE_LINE ? line : indented;
  } catch {
    return text;
  }
};

/** Names of tools by the id of their call, so that a result can be read without scrolling back. */
export const toolNames = (messages: readonly Message[]): ReadonlyMap<string, string> =>
  new Map(
    messages.flatMap((message) =>
      message.parts.flatMap((part) => (part.kind === 'tool_call' ? [[part.id, part.tool] as const] : [])),
    ),
  );

/** A size that says whether it is worth unfolding. */
export const lengthOf = (message: Message): number =>
  message.parts.reduce((sum, part) => sum + textOf(part).length, 0);
const textOf = (part: Part): string => {
  switch (part.kind) {
    case 'tool_call':
      return part.args;
    case 'other':
      return part.json;
    case 'image':
    case 'audio':
    case 'file':
      return '';
    default:
      return part.text;
  }
};

/** Where to fold a long text: at a line end near the limit, so that no line is torn. Undefined when it is short enough. */
export const foldAt = (text: string, most: number): number | undefined => {
  if (text.length <= most * 1.25) return undefined;
  const line = text.lastIndexOf('\n', most);
  return line > most / 2 ? line : most;
};

export interface JsonToken {
  readonly kind: 'key' | 'string' | 'number' | 'word' | 'plain';
  readonly text: string;
}
/** Colours for JSON on a screen. Joined again the tokens are the text, whatever it is. */
export const jsonTokens = (json: string): readonly JsonToken[] => {
  const tokens: JsonToken[] = [];
  let at = 0;
  for (const found of json.matchAll(
    /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g,
  )) {
    if (found.index > at) tokens.push({ kind: 'plain', text: json.slice(at, found.index) });
    const [whole, string, colon, number] = found;
    if (string !== undefined) {
      tokens.push({ kind: colon === undefined ? 'string' : 'key', text: string });
      if (colon !== undefined) tokens.push({ kind: 'plain', text: colon });
    } else tokens.push({ kind: number === undefined ? 'word' : 'number', text: whole });
    at = found.index + whole.length;
  }
  if (at < json.length) tokens.push({ kind: 'plain', text: json.slice(at) });
  return tokens;
};

/** Only what is inside the body itself may be shown: a picture from elsewhere would tell its host who reads this. */
export const isInline = (source: string): boolean =>
  /^data:image\/(png|jpeg|gif|webp|avif);base64,/.test(source);
