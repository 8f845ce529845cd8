/** One of these stands in every ask that `acts`; most have none, and are never parsed for it. */
const SIGNS = ['"mcp', '"background"', '"conversation"'] as const;

interface Acting {
  readonly tools?: unknown;
  readonly mcp_servers?: unknown;
  readonly background?: unknown;
  readonly conversation?: unknown;
}

/**
 * Does the provider do something beside answering: use a tool server by itself, go on in the background after the connection is
 * closed, write into a conversation that it keeps? Asked twice, it does so twice, and letting one of the two go undoes nothing.
 */
export function acts(body: Uint8Array | undefined): boolean {
  if (body === undefined) return false;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!SIGNS.some((sign) => bytes.includes(sign))) return false;
  let ask: Acting | null;
  try {
    ask = JSON.parse(bytes.toString()) as Acting | null;
  } catch {
    // What the gateway could read is JSON; of anything else the worst is assumed.
    return true;
  }
  if (ask === null || typeof ask !== 'object') return false;
  const { tools, mcp_servers, background, conversation } = ask;
  return (
    (Array.isArray(tools) && tools.some(isServer)) ||
    (Array.isArray(mcp_servers) && mcp_servers.length > 0) ||
    background === true ||
    (conversation !== undefined && conversation !== null)
  );
}

const isServer = (tool: unknown): boolean => {
  const type = (tool as { readonly type?: unknown } | null)?.type;
  return type === 'mcp' || type === 'mcp_toolset';
};
