import type { Asked, Attachment, Segment, Tool, ToolChoice, Turn } from '../../asked.ts';
import { isObject, type Json, type JsonObject } from '../../call.ts';
import { audioFromBase64, fileFrom, imageFromUrl, mediaOf } from '../../media.ts';
import { badRequest, isProblem, type Problem } from '../../problem.ts';
import { reasons, text } from '../openai-chat/read.ts';
import { checkFields, checkSchemaName, missing, wrongType, wrongValue } from '../openai-checks.ts';

const ROLES = ['assistant', 'system', 'developer', 'user'] as const;
const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;

export function readResponses(body: JsonObject): Asked | Problem {
  const { model, input } = body;
  if (model === undefined || model === null || model === '') return missing('model');
  if (typeof model !== 'string') return wrongType('model', 'a string', model);
  if (input === undefined || input === null) return missing('input');
  const broken = checkFields(body, [
    ['stream', 'boolean'],
    ['temperature', 'number', 0, 2],
    ['top_p', 'number', 0, 1],
    ['max_output_tokens', 'integer', 16, 1e9],
    ['top_logprobs', 'integer', 0, 20],
    ['instructions', 'string'],
    ['tools', 'array'],
    ['parallel_tool_calls', 'boolean'],
    ['text', 'object'],
    ['reasoning', 'object'],
    ['previous_response_id', 'string'],
  ]);
  if (broken) return broken;
  const effort = isObject(body.reasoning) ? body.reasoning.effort : undefined;
  if (typeof effort === 'string' && !EFFORTS.some((known) => known === effort))
    return wrongValue('reasoning.effort', effort, EFFORTS);

  const tools = readTools(body);
  if (isProblem(tools)) return tools;
  const toolChoice = readToolChoice(body, tools);
  if (typeof toolChoice === 'object' && isProblem(toolChoice)) return toolChoice;
  const format = readFormat(isObject(body.text) ? body.text.format : undefined);
  if (isProblem(format)) return format;

  const segments: Segment[] = tools.length > 0 ? [{ text: JSON.stringify(body.tools) }] : [];
  const turns: Turn[] = [];
  if (typeof body.instructions === 'string') {
    turns.push({ role: 'system', text: body.instructions });
    segments.push({ text: `<|system|>\n\n\n\n${body.instructions}` });
  }
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : input;
  if (!Array.isArray(items)) return wrongType('input', 'one of a string or array of input items', input);
  for (const [i, item] of (items as Json[]).entries()) {
    const problem = readItem(item, `input[${i}]`, turns, segments);
    if (problem) return problem;
  }
  const answered = new Set(turns.map((turn) => turn.result?.id));
  const open = turns.flatMap((turn) => turn.calls ?? []).find((call) => !answered.has(call.id));
  if (open) return badRequest(`No tool output found for function call ${open.id}.`, 'input');
  return {
    model,
    stream: body.stream === true,
    turns,
    tools,
    toolChoice,
    parallel: body.parallel_tool_calls !== false,
    ...format,
    stops: [],
    maxTokens: typeof body.max_output_tokens === 'number' ? body.max_output_tokens : undefined,
    choices: 1,
    reasoning: {
      on: reasons(model, effort),
      shown: isObject(body.reasoning) && (body.reasoning.summary ?? body.reasoning.generate_summary) != null,
    },
    segments,
    raw: body,
  };
}

function readTools(body: JsonObject): Tool[] | Problem {
  const tools: Tool[] = [];
  for (const [i, tool] of ((body.tools ?? []) as Json[]).entries()) {
    if (!isObject(tool)) return wrongType(`tools[${i}]`, 'an object', tool);
    if (tool.type === undefined) return missing(`tools[${i}].type`);
    // The provider's own tools (web_search, file_search, …) are accepted and never used.
    if (tool.type !== 'function' && tool.type !== 'custom') continue;
    if (typeof tool.name !== 'string') return missing(`tools[${i}].name`);
    tools.push({
      name: tool.name,
      description: typeof tool.description === 'string' ? tool.description : '',
      parameters: tool.type === 'custom' ? undefined : isObject(tool.parameters) ? tool.parameters : {},
      custom: tool.type === 'custom',
    });
  }
  return tools;
}

function readToolChoice(body: JsonObject, tools: readonly Tool[]): ToolChoice | Problem {
  const choice = body.tool_choice;
  if (choice === undefined || choice === null) return 'auto';
  if (choice === 'auto' || choice === 'none' || choice === 'required') return choice;
  if (!isObject(choice)) return wrongValue('tool_choice', choice, ['none', 'auto', 'required']);
  if (choice.type === 'allowed_tools') return choice.mode === 'required' ? 'required' : 'auto';
  const { name } = choice;
  if (typeof name !== 'string') return 'auto';
  return tools.some((tool) => tool.name === name)
    ? { name }
    : badRequest(`Tool choice '${name}' not found in 'tools' parameter.`, 'tool_choice');
}

function readFormat(format: Json | undefined): Pick<Asked, 'schema' | 'json'> | Problem {
  if (!isObject(format) || format.type === 'text') return { json: false };
  if (format.type === 'json_object') return { json: true };
  if (format.type !== 'json_schema')
    return wrongValue('text.format.type', format.type, ['json_object', 'json_schema', 'text']);
  const named = checkSchemaName(format.name, 'text.format.name');
  if (named) return named;
  if (!isObject(format.schema)) return missing('text.format.schema');
  return { json: true, schema: format.schema };
}

function readItem(item: Json, at: string, turns: Turn[], segments: Segment[]): Problem | undefined {
  if (!isObject(item)) return wrongType(at, 'an input item', item);
  switch (item.type ?? 'message') {
    case 'message':
      return readMessage(item, at, turns, segments);
    case 'function_call':
    case 'custom_tool_call': {
      segments.push({ text: JSON.stringify([item.name, item.arguments ?? item.input]) });
      turns.push({
        role: 'assistant',
        text: '',
        calls: [{ id: String(item.call_id), name: String(item.name) }],
      });
      return undefined;
    }
    case 'function_call_output':
    case 'custom_tool_call_output': {
      const id = item.call_id;
      if (typeof id !== 'string') return missing(`${at}.call_id`);
      if (!turns.some((turn) => turn.calls?.some((call) => call.id === id)))
        return badRequest(`No tool call found for function call output with call_id ${id}.`, 'input');
      const output = typeof item.output === 'string' ? item.output : JSON.stringify(item.output ?? '');
      segments.push({ text: `<|tool|>\n\n\n\n${output}` });
      turns.push({ role: 'tool', text: output, result: { id, failed: false } });
      return undefined;
    }
    default:
      // Reasoning, references and hosted tools: billed by size, not understood.
      segments.push({ text: JSON.stringify(item) });
      return undefined;
  }
}

function readMessage(item: JsonObject, at: string, turns: Turn[], segments: Segment[]): Problem | undefined {
  const { role, content } = item;
  if (role === undefined) return missing(`${at}.role`);
  if (typeof role !== 'string' || !ROLES.some((known) => known === role))
    return wrongValue(`${at}.role`, role, ROLES);
  const attachments: Attachment[] = [];
  let words = '';
  if (typeof content === 'string') words = content;
  else if (Array.isArray(content))
    for (const [i, part] of (content as Json[]).entries()) {
      const read = readPart(part, `${at}.content[${i}]`);
      if (typeof read === 'string') words += words === '' ? read : `\n${read}`;
      else if (isProblem(read)) return read;
      else attachments.push(read);
    }
  else
    return content === undefined ? missing(`${at}.content`) : wrongType(`${at}.content`, 'a string', content);
  segments.push({ text: `<|${role}|>\n\n\n\n${words}` });
  for (const attachment of attachments) segments.push({ text: '', media: mediaOf(attachment) });
  turns.push({
    role: role === 'developer' ? 'system' : (role as Turn['role']),
    text: words,
    attachments: attachments.length > 0 ? attachments : undefined,
  });
  return undefined;
}

function readPart(part: Json, at: string): string | Attachment | Problem {
  if (!isObject(part)) return wrongType(at, 'an object', part);
  switch (part.type) {
    case 'input_text':
    case 'output_text':
      return typeof part.text === 'string' ? part.text : missing(`${at}.text`);
    case 'refusal':
      return String(part.refusal);
    case 'input_image':
      return imageFromUrl(text(part.image_url) ?? text(part.file_id) ?? '');
    case 'input_audio':
      return isObject(part.input_audio)
        ? audioFromBase64(String(part.input_audio.format), String(part.input_audio.data))
        : missing(`${at}.input_audio`);
    case 'input_file':
      return fileFrom(text(part.filename), text(part.file_data), text(part.file_id) ?? text(part.file_url));
    default:
      return wrongValue(`${at}.type`, part.type, [
        'input_text',
        'input_image',
        'input_file',
        'input_audio',
        'output_text',
        'refusal',
      ]);
  }
}
