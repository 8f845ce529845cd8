import { fits } from '#kernel';

type Json = Readonly<Record<string, unknown>>;

const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isJson) : []);

/** What an ask lets an answer look like, whatever its dialect calls it. */
interface Wanted {
  /** Schema of the arguments by name of the tool. */
  readonly tools: ReadonlyMap<string, unknown>;
  /** Of the text; undefined where it is free. */
  readonly schema: unknown;
}

/**
 * Does an answer keep to what its ask declared: arguments of tools to their schema, structured text to its own? Undefined
 * where the ask declared nothing, or the answer is none. Parses both, so it is for exercises and not for all traffic.
 */
export function keepsShape(ask: Uint8Array, answer: Uint8Array | undefined): boolean | undefined {
  if (!answer) return undefined;
  const wanted = wantedBy(parse(ask));
  if (wanted.tools.size === 0 && wanted.schema === undefined) return undefined;
  const { calls, text } = saidIn(parse(answer));
  if (calls.length > 0)
    return calls.every(
      ({ name, args }) => wanted.tools.has(name) && isJson(args) && fits(args, wanted.tools.get(name)),
    );
  if (wanted.schema === undefined || text === '') return undefined;
  const value = read(text);
  return value !== undefined && fits(value, wanted.schema);
}

const decoder = new TextDecoder();
const parse = (bytes: Uint8Array): unknown => read(decoder.decode(bytes));

function read(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: for whoever asked for it, an answer without a value.
    return undefined;
  }
}

function wantedBy(ask: unknown): Wanted {
  if (!isJson(ask)) return { tools: new Map(), schema: undefined };
  const tools = listOf(ask.tools).flatMap((tool): readonly (readonly [string, unknown])[] => {
    const own = isJson(tool.function) ? tool.function : tool;
    const parameters = own.parameters ?? own.input_schema;
    return typeof own.name === 'string' && isJson(parameters) ? [[own.name, parameters]] : [];
  });
  return { tools: new Map(tools), schema: schemaIn(ask) };
}

/** Chat says `response_format`, Responses `text.format`, Messages `output_config.format` or `output_format`. */
export function schemaIn(ask: Json): unknown {
  const of = (value: unknown): Json | undefined => (isJson(value) ? value : undefined);
  const chat = of(of(ask.response_format)?.json_schema)?.schema;
  const other = of(of(ask.text)?.format) ?? of(of(ask.output_config)?.format) ?? of(ask.output_format);
  return chat ?? other?.schema;
}

interface Said {
  readonly calls: readonly { readonly name: string; readonly args: unknown }[];
  readonly text: string;
}

/** Of an assembled answer: messages in the shape in which a client sends them back. */
function saidIn(answer: unknown): Said {
  const messages = listOf(answer);
  const blocks = messages.flatMap((message) => [message, ...listOf(message.content)]);
  const calls = [
    ...messages.flatMap((message) => listOf(message.tool_calls)).map((call) => callOf(call.function)),
    ...blocks.filter(({ type }) => type === 'function_call' || type === 'tool_use').map(callOf),
  ];
  const text = messages
    .map(({ content }) => (typeof content === 'string' ? content : textOf(listOf(content))))
    .join('');
  return { calls, text };
}

const textOf = (blocks: readonly Json[]): string =>
  blocks.map(({ text }) => (typeof text === 'string' ? text : '')).join('');

function callOf(call: unknown): Said['calls'][number] {
  if (!isJson(call)) return { name: '', args: undefined };
  const args = call.arguments ?? call.input;
  return { name: String(call.name), args: typeof args === 'string' ? read(args) : args };
}
