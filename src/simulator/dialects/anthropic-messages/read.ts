import type { Asked, Attachment, Segment, Tool, ToolChoice, Turn } from '../../asked.ts';
import { type Call, isObject, type Json, type JsonObject } from '../../call.ts';
import { fileFrom, imageFromBytes, imageFromUrl, mediaOf } from '../../media.ts';
import { badRequest, isProblem, type Problem } from '../../problem.ts';

const required = (at: string): Problem => badRequest(`${at}: Field required`);
const shouldBe = (at: string, what: string): Problem => badRequest(`${at}: Input should be ${what}`);

/** What both `/v1/messages` and `count_tokens` read; only the former needs `max_tokens`. */
export function readMessages(body: JsonObject, call: Call, counting = false): Asked | Problem {
  if (call.header('anthropic-version') === undefined)
    return badRequest('anthropic-version: header is required');
  const { model, messages, max_tokens: maxTokens, thinking } = body;
  if (model === undefined) return required('model');
  if (typeof model !== 'string') return shouldBe('model', 'a valid string');
  if (!counting) {
    if (maxTokens === undefined) return required('max_tokens');
    if (typeof maxTokens !== 'number' || !Number.isInteger(maxTokens))
      return shouldBe('max_tokens', 'a valid integer');
    if (maxTokens < 0) return shouldBe('max_tokens', 'greater than or equal to 0');
  }
  if (messages === undefined) return required('messages');
  if (!Array.isArray(messages)) return shouldBe('messages', 'a valid list');
  if (messages.length === 0) return badRequest('messages: at least one message is required');
  for (const [field, min, max] of [
    ['temperature', 0, 1],
    ['top_p', 0, 1],
    ['top_k', 0, 1e9],
  ] as const) {
    const value = body[field];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'number') return shouldBe(field, 'a valid number');
    if (value < min) return shouldBe(field, `greater than or equal to ${min}`);
    if (value > max) return shouldBe(field, `less than or equal to ${max}`);
  }
  if (body.stream !== undefined && typeof body.stream !== 'boolean')
    return shouldBe('stream', 'a valid boolean');
  const reasoning = readThinking(thinking, model, typeof maxTokens === 'number' ? maxTokens : undefined);
  if (isProblem(reasoning)) return reasoning;

  const segments: Segment[] = [];
  const tools = readTools(body.tools, segments);
  if (isProblem(tools)) return tools;
  const toolChoice = readToolChoice(body.tool_choice, tools);
  if (typeof toolChoice === 'object' && isProblem(toolChoice)) return toolChoice;

  const turns: Turn[] = [];
  const system = readContent(body.system ?? '', 'system', segments);
  if (isProblem(system)) return system;
  if (system.text !== '') turns.push({ role: 'system', text: system.text });
  const broken = readTurns(messages, turns, segments);
  if (broken) return broken;
  // A top-level cache_control marks the last cacheable block.
  const whole = breakpoint(body);
  if (whole && segments.length > 0)
    segments[segments.length - 1] = { ...(segments.at(-1) as Segment), breakpoint: whole };

  const output = isObject(body.output_config) ? body.output_config : {};
  const format = isObject(output.format) && output.format.type === 'json_schema' ? output.format : undefined;
  return {
    model,
    stream: body.stream === true,
    turns,
    tools,
    toolChoice,
    parallel: !(isObject(body.tool_choice) && body.tool_choice.disable_parallel_tool_use === true),
    json: format !== undefined,
    schema: format && isObject(format.schema) ? format.schema : undefined,
    stops: Array.isArray(body.stop_sequences)
      ? body.stop_sequences.filter((stop): stop is string => typeof stop === 'string')
      : [],
    maxTokens: typeof maxTokens === 'number' ? maxTokens : undefined,
    choices: 1,
    reasoning,
    segments,
    raw: body,
  };
}

function readThinking(thinking: Json | undefined, model: string, max?: number): Asked['reasoning'] | Problem {
  const natural = /reason|thinking/i.test(model);
  if (!isObject(thinking)) return { on: natural, shown: natural };
  const shown = thinking.display !== 'omitted';
  if (thinking.type === 'disabled') return { on: false, shown: false };
  if (thinking.type !== 'enabled') return { on: true, shown };
  const budget = thinking.budget_tokens;
  if (typeof budget !== 'number') return required('thinking.enabled.budget_tokens');
  if (budget < 1024) return shouldBe('thinking.enabled.budget_tokens', 'greater than or equal to 1024');
  if (max !== undefined && max <= budget)
    return badRequest(
      '`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size',
    );
  return { on: true, shown, budget };
}

const breakpoint = (part: JsonObject): Segment['breakpoint'] =>
  isObject(part.cache_control) && part.cache_control.type === 'ephemeral'
    ? part.cache_control.ttl === '1h'
      ? '1h'
      : '5m'
    : undefined;

function readTools(tools: Json | undefined, segments: Segment[]): Tool[] | Problem {
  if (tools === undefined || tools === null) return [];
  if (!Array.isArray(tools)) return shouldBe('tools', 'a valid list');
  const read: Tool[] = [];
  for (const [i, tool] of tools.entries()) {
    if (!isObject(tool)) return shouldBe(`tools.${i}`, 'a valid dictionary');
    const custom = tool.type === undefined || tool.type === null || tool.type === 'custom';
    if (custom && typeof tool.name !== 'string') return required(`tools.${i}.custom.name`);
    if (custom && !isObject(tool.input_schema)) return required(`tools.${i}.custom.input_schema`);
    segments.push({ text: JSON.stringify(tool), breakpoint: breakpoint(tool) });
    // Anthropic's own tools (bash, computer, …) come without a schema; only what the caller defined is called here.
    if (isObject(tool.input_schema))
      read.push({
        name: String(tool.name),
        description: typeof tool.description === 'string' ? tool.description : '',
        parameters: tool.input_schema,
        custom: false,
      });
  }
  return read;
}

function readToolChoice(choice: Json | undefined, tools: readonly Tool[]): ToolChoice | Problem {
  if (!isObject(choice) || choice.type === 'auto') return 'auto';
  if (choice.type === 'none') return 'none';
  if (choice.type === 'any') return 'required';
  if (choice.type === 'tool') {
    const { name } = choice;
    if (typeof name !== 'string') return required('tool_choice.tool.name');
    return tools.some((tool) => tool.name === name)
      ? { name }
      : badRequest(`Tool '${name}' not found in provided tools`);
  }
  return badRequest(
    `tool_choice: Input tag '${String(choice.type)}' found using 'type' does not match any of the expected tags: 'any', 'auto', 'none', 'tool'`,
  );
}

function readTurns(messages: readonly Json[], turns: Turn[], segments: Segment[]): Problem | undefined {
  let open: readonly string[] = [];
  for (const [i, message] of messages.entries()) {
    const at = `messages.${i}`;
    if (!isObject(message)) return shouldBe(at, 'a valid dictionary');
    const { role, content } = message;
    if (role !== 'user' && role !== 'assistant' && role !== 'system')
      return role === undefined
        ? required(`${at}.role`)
        : badRequest(`messages: Unexpected role "${String(role)}". Allowed roles are "user" or "assistant".`);
    if (content === undefined) return required(`${at}.content`);
    if (content === '' || (Array.isArray(content) && content.length === 0 && role === 'user'))
      return badRequest(`${at}: user messages must have non-empty content`);
    const read = readContent(content, `${at}.content`, segments);
    if (isProblem(read)) return read;
    const answered = new Set(read.results.map((result) => result.id));
    const lost = open.filter((id) => !answered.has(id));
    if (lost.length > 0)
      return badRequest(
        `${at}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${lost.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
      );
    const stray = read.results.find((result) => !open.includes(result.id));
    if (stray)
      return badRequest(
        `${at}.content.0: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray.id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      );
    open = read.calls.map((call) => call.id);
    for (const { text, ...result } of read.results) turns.push({ role: 'tool', text, result });
    if (read.text !== '' || read.attachments.length > 0 || role === 'assistant')
      turns.push({ role, text: read.text, attachments: read.attachments, calls: read.calls });
  }
  return open.length === 0
    ? undefined
    : badRequest(
        `messages.${messages.length - 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
      );
}

interface Content {
  text: string;
  readonly attachments: Attachment[];
  readonly calls: { id: string; name: string }[];
  readonly results: { id: string; text: string; failed: boolean }[];
}

function readContent(content: Json, at: string, segments: Segment[]): Content | Problem {
  const out: Content = { text: '', attachments: [], calls: [], results: [] };
  if (typeof content === 'string') {
    out.text = content;
    if (content !== '') segments.push({ text: `\n\n\n\n${content}` });
    return out;
  }
  if (!Array.isArray(content)) return shouldBe(at, 'a valid list');
  for (const [i, block] of content.entries()) {
    if (!isObject(block)) return shouldBe(`${at}.${i}`, 'a valid dictionary');
    const broken = readBlock(block, `${at}.${i}`, out, segments);
    if (broken) return broken;
  }
  return out;
}

function readBlock(block: JsonObject, at: string, out: Content, segments: Segment[]): Problem | undefined {
  const mark = breakpoint(block);
  const cost = (text: string, attachment?: Attachment) =>
    void segments.push({ text, media: attachment && mediaOf(attachment), breakpoint: mark });
  switch (block.type) {
    case 'text':
      if (typeof block.text !== 'string') return required(`${at}.text.text`);
      if (block.text === '') return badRequest('messages: text content blocks must be non-empty');
      out.text += out.text === '' ? block.text : `\n${block.text}`;
      return cost(`\n\n\n\n${block.text}`);
    case 'image': {
      const source = isObject(block.source) ? block.source : {};
      const image =
        source.type === 'base64'
          ? imageFromBytes(String(source.media_type), Buffer.from(String(source.data), 'base64'))
          : imageFromUrl(String(source.url ?? source.file_id ?? ''));
      out.attachments.push(image);
      return cost('', image);
    }
    case 'document': {
      const source = isObject(block.source) ? block.source : {};
      const name = typeof block.title === 'string' ? block.title : 'document';
      const type = typeof source.media_type === 'string' ? source.media_type : 'application/pdf';
      const file = {
        ...fileFrom(name, typeof source.data === 'string' ? source.data : undefined, undefined),
        type,
      };
      if (source.type === 'text' && typeof source.data === 'string') {
        out.text += `${out.text === '' ? '' : '\n'}${source.data}`;
        return cost(source.data);
      }
      out.attachments.push(file);
      return cost('', file);
    }
    case 'tool_use':
      out.calls.push({ id: String(block.id), name: String(block.name) });
      return cost(JSON.stringify(block.input ?? {}));
    case 'tool_result': {
      if (typeof block.tool_use_id !== 'string') return required(`${at}.tool_result.tool_use_id`);
      const inner = readContent(block.content ?? '', `${at}.tool_result.content`, segments);
      if (isProblem(inner)) return inner;
      out.results.push({ id: block.tool_use_id, text: inner.text, failed: block.is_error === true });
      if (mark) cost('');
      return undefined;
    }
    default:
      if (typeof block.type !== 'string') return required(`${at}.type`);
      // Thinking, server tools, search results and whatever comes next: billed by size, not understood.
      return cost(JSON.stringify(block));
  }
}
