import type { Asked, Attachment, Segment, Tool, ToolChoice, Turn } from '../../asked.ts';
import { isObject, type Json, type JsonObject } from '../../call.ts';
import { audioFromBase64, fileFrom, imageFromUrl, mediaOf } from '../../media.ts';
import { badRequest, isProblem, type Problem } from '../../problem.ts';
import { checkFields, checkSchemaName, missing, wrongType, wrongValue } from '../openai-checks.ts';

const ROLES = ['system', 'assistant', 'user', 'function', 'tool', 'developer'] as const;
const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;

export function readChat(body: JsonObject): Asked | Problem {
  const { model, messages } = body;
  if (model === undefined || model === null || model === '')
    return badRequest('you must provide a model parameter');
  if (typeof model !== 'string') return wrongType('model', 'a string', model);
  if (messages === undefined) return missing('messages');
  if (!Array.isArray(messages)) return wrongType('messages', 'an array of objects', messages);
  if (messages.length === 0)
    return badRequest(
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
      'messages',
      'empty_array',
    );
  const broken = checkFields(body, [
    ['stream', 'boolean'],
    ['temperature', 'number', 0, 2],
    ['top_p', 'number', 0, 1],
    ['n', 'integer', 1, 128],
    ['max_tokens', 'integer', 1, 1e9],
    ['max_completion_tokens', 'integer', 1, 1e9],
    ['presence_penalty', 'number', -2, 2],
    ['frequency_penalty', 'number', -2, 2],
    ['logprobs', 'boolean'],
    ['top_logprobs', 'integer', 0, 20],
    ['tools', 'array'],
    ['parallel_tool_calls', 'boolean'],
    ['stream_options', 'object'],
    ['response_format', 'object'],
    ['reasoning_effort', 'string'],
  ]);
  if (broken) return broken;
  if (body.stream_options && body.stream !== true)
    return badRequest(
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
      'stream_options',
    );
  if (body.top_logprobs && body.logprobs !== true)
    return badRequest(
      "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.",
      'top_logprobs',
    );
  if (typeof body.reasoning_effort === 'string' && !EFFORTS.some((e) => e === body.reasoning_effort))
    return wrongValue('reasoning_effort', body.reasoning_effort, EFFORTS);

  const tools = readTools(body);
  if (isProblem(tools)) return tools;
  const toolChoice = readToolChoice(body, tools);
  if (typeof toolChoice === 'object' && isProblem(toolChoice)) return toolChoice;
  const format = readFormat(body.response_format);
  if (isProblem(format)) return format;

  const segments: Segment[] = tools.length > 0 ? [{ text: JSON.stringify(body.tools) }] : [];
  const turns: Turn[] = [];
  for (let i = 0; i < messages.length; i++) {
    const turn = readMessage(messages[i] as Json, `messages[${i}]`, segments);
    if (isProblem(turn)) return turn;
    turns.push(turn);
  }
  return (
    checkToolTurns(turns) ?? {
      model,
      stream: body.stream === true,
      turns,
      tools,
      toolChoice,
      parallel: body.parallel_tool_calls !== false,
      ...format,
      stops: typeof body.stop === 'string' ? [body.stop] : strings(body.stop),
      maxTokens: number(body.max_completion_tokens) ?? number(body.max_tokens),
      choices: number(body.n) ?? 1,
      reasoning: { on: reasons(model, body.reasoning_effort), shown: false },
      segments,
      raw: body,
    }
  );
}

const number = (value: Json | undefined): number | undefined =>
  typeof value === 'number' ? value : undefined;
export const strings = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];

/** Asked for, or in the nature of the model. */
export const reasons = (model: string, effort: Json | undefined): boolean =>
  typeof effort === 'string' ? effort !== 'none' : /reason|thinking|^o\d/i.test(model);

function readTools(body: JsonObject): Tool[] | Problem {
  const tools: Tool[] = [];
  for (const [i, tool] of ((body.tools ?? []) as Json[]).entries()) {
    if (!isObject(tool)) return wrongType(`tools[${i}]`, 'an object', tool);
    const spec = tool.type === 'custom' ? tool.custom : tool.function;
    if (tool.type !== 'function' && tool.type !== 'custom')
      return tool.type === undefined
        ? missing(`tools[${i}].type`)
        : wrongValue(`tools[${i}].type`, tool.type, ['function', 'custom']);
    if (!isObject(spec)) return missing(`tools[${i}].${tool.type}`);
    if (typeof spec.name !== 'string') return missing(`tools[${i}].${tool.type}.name`);
    if (!/^[a-zA-Z0-9_-]{1,64}$/.test(spec.name))
      return badRequest(
        `Invalid 'tools[${i}].function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`,
        `tools[${i}].function.name`,
        'invalid_value',
      );
    tools.push({
      name: spec.name,
      description: typeof spec.description === 'string' ? spec.description : '',
      parameters: tool.type === 'custom' ? undefined : isObject(spec.parameters) ? spec.parameters : {},
      custom: tool.type === 'custom',
    });
  }
  return tools;
}

function readToolChoice(body: JsonObject, tools: readonly Tool[]): ToolChoice | Problem {
  const choice = body.tool_choice;
  if (choice === undefined || choice === null) return 'auto';
  if (tools.length === 0)
    return badRequest("'tool_choice' is only allowed when 'tools' are specified.", 'tool_choice');
  if (choice === 'auto' || choice === 'none' || choice === 'required') return choice;
  if (isObject(choice)) {
    if (choice.type === 'allowed_tools' && isObject(choice.allowed_tools))
      return choice.allowed_tools.mode === 'required' ? 'required' : 'auto';
    const named = choice.type === 'custom' ? choice.custom : choice.function;
    if (isObject(named) && typeof named.name === 'string') {
      const { name } = named;
      return tools.some((tool) => tool.name === name)
        ? { name }
        : badRequest(
            `Invalid value for 'tool_choice': function '${name}' not found in 'tools'.`,
            'tool_choice',
            'invalid_value',
          );
    }
  }
  return wrongValue('tool_choice', typeof choice === 'string' ? choice : 'object', [
    'none',
    'auto',
    'required',
  ]);
}

type Format = Pick<Asked, 'schema' | 'json'>;
function readFormat(format: Json | undefined): Format | Problem {
  if (!isObject(format) || format.type === 'text') return { json: false };
  if (format.type === 'json_object') return { json: true };
  if (format.type !== 'json_schema')
    return wrongValue('response_format.type', format.type, ['json_object', 'json_schema', 'text']);
  if (!isObject(format.json_schema)) return missing('response_format.json_schema');
  const named = checkSchemaName(format.json_schema.name, 'response_format.json_schema.name');
  if (named) return named;
  return { json: true, schema: isObject(format.json_schema.schema) ? format.json_schema.schema : {} };
}

/** Adds what the message costs to `segments`. */
function readMessage(message: Json, at: string, segments: Segment[]): Turn | Problem {
  if (!isObject(message)) return wrongType(at, 'an object', message);
  const role = message.role;
  if (role === undefined) return missing(`${at}.role`);
  if (typeof role !== 'string' || !ROLES.some((known) => known === role))
    return wrongValue(`${at}.role`, role, ROLES);
  const attachments: Attachment[] = [];
  let text = '';
  if (typeof message.content === 'string') text = message.content;
  else if (Array.isArray(message.content)) {
    for (const [i, part] of message.content.entries()) {
      const read = readPart(part as Json, `${at}.content[${i}]`);
      if (typeof read === 'string') text += text === '' ? read : `\n${read}`;
      else if (isProblem(read)) return read;
      else attachments.push(read);
    }
  } else if (message.content !== undefined && message.content !== null)
    return wrongType(`${at}.content`, 'one of a string or array of objects', message.content);
  else if (role !== 'assistant')
    return badRequest(
      `Invalid value for 'content': expected a string, got null.`,
      `${at}.content`,
      'invalid_type',
    );
  // Four tokens of framing a message, as in OpenAI's own counting recipe.
  segments.push({ text: `<|${role}|>\n\n\n\n${text}` });
  for (const attachment of attachments) segments.push({ text: '', media: mediaOf(attachment) });
  const turn = { text, attachments: attachments.length > 0 ? attachments : undefined };
  if (role === 'tool') {
    if (typeof message.tool_call_id !== 'string') return missing(`${at}.tool_call_id`);
    return { role: 'tool', ...turn, result: { id: message.tool_call_id, failed: false } };
  }
  if (role === 'assistant') {
    const calls = ((message.tool_calls ?? []) as Json[]).filter(isObject).map((call) => {
      const spec = isObject(call.function) ? call.function : isObject(call.custom) ? call.custom : {};
      segments.push({ text: JSON.stringify(spec) });
      return { id: String(call.id), name: String(spec.name) };
    });
    return { role: 'assistant', ...turn, calls };
  }
  return {
    role: role === 'developer' ? 'system' : role === 'function' ? 'user' : (role as 'system' | 'user'),
    ...turn,
  };
}

function readPart(part: Json, at: string): string | Attachment | Problem {
  if (!isObject(part)) return wrongType(at, 'an object', part);
  switch (part.type) {
    case 'text':
      return typeof part.text === 'string' ? part.text : missing(`${at}.text`);
    case 'refusal':
      return String(part.refusal);
    case 'image_url': {
      const url = isObject(part.image_url) ? part.image_url.url : undefined;
      if (typeof url !== 'string') return missing(`${at}.image_url.url`);
      return imageFromUrl(url);
    }
    case 'input_audio':
      if (!isObject(part.input_audio) || typeof part.input_audio.data !== 'string')
        return missing(`${at}.input_audio.data`);
      return audioFromBase64(String(part.input_audio.format), part.input_audio.data);
    case 'file': {
      const file = isObject(part.file) ? part.file : {};
      return fileFrom(text(file.filename), text(file.file_data), text(file.file_id));
    }
    default:
      return wrongValue(`${at}.type`, part.type, [
        'text',
        'image_url',
        'input_audio',
        'refusal',
        'audio',
        'file',
      ]);
  }
}

export const text = (value: Json | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** Every tool call has its answer right behind it, and every tool message its call before it. */
function checkToolTurns(turns: readonly Turn[]): Problem | undefined {
  let open = new Set<string>();
  let calling = false;
  for (const [i, turn] of turns.entries()) {
    if (turn.role === 'tool') {
      if (!calling)
        return badRequest(
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          `messages.[${i}].role`,
        );
      open.delete(turn.result?.id ?? '');
      continue;
    }
    const left = unanswered(open);
    if (left) return left;
    open = new Set(turn.calls?.map((call) => call.id));
    calling = open.size > 0;
  }
  return unanswered(open);
}

const unanswered = (ids: ReadonlySet<string>): Problem | undefined =>
  ids.size === 0
    ? undefined
    : badRequest(
        `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...ids].join(', ')}`,
        'messages',
      );
