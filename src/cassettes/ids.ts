/** Prefixes that providers insist on when an id comes back to them. */
const PREFIX = /^(call|toolu|srvtoolu|mcptoolu|msg|rs|fc|fco|ctc|ws|ci|ig|mcp|mcpr|mcpl)(?=_)/;

type Item = Record<string, unknown>;

/**
 * Gives the ids of tool calls and items in a conversation names in order of appearance (`call_1`, `toolu_2`), in place.
 * A provider draws them afresh for every answer, so that the second turn of a recorded conversation would never match;
 * numbering instead of dropping keeps which result belongs to which call. Arguments and texts are left alone.
 */
export function renameIds(body: Item): void {
  const names = new Map<string, string>();
  const rename = (item: Item, field: string) => {
    const id = item[field];
    if (typeof id !== 'string') return;
    let name = names.get(id);
    if (name === undefined) {
      name = `${PREFIX.exec(id)?.[0] ?? 'call'}_${names.size + 1}`;
      names.set(id, name);
    }
    item[field] = name;
  };
  for (const message of [...items(body.messages), ...items(body.input)]) {
    if (typeof message.type === 'string') {
      rename(message, 'id');
      rename(message, 'call_id');
      rename(message, 'approval_request_id');
    }
    for (const call of items(message.tool_calls)) rename(call, 'id');
    rename(message, 'tool_call_id');
    for (const block of items(message.content)) {
      if (typeof block.type === 'string' && block.type.endsWith('tool_use')) rename(block, 'id');
      rename(block, 'tool_use_id');
    }
  }
}

const items = (value: unknown): readonly Item[] =>
  Array.isArray(value)
    ? value.filter((x): x is Item => x !== null && typeof x === 'object' && !Array.isArray(x))
    : [];
