const PATHS: Readonly<Record<string, string>> = {
  'openai-chat': '/v1/chat/completions',
  'openai-responses': '/v1/responses',
  'openai-embeddings': '/v1/embeddings',
  'anthropic-messages': '/v1/messages',
  'anthropic-count-tokens': '/v1/messages/count_tokens',
};

/** The same ask again, from a shell; `ask` is the body as the API puts it together. Undefined for a protocol without a path here. */
export const curlOf = (call: {
  readonly base: string;
  readonly protocol: string;
  readonly ask: unknown;
  readonly open: boolean;
}): string | undefined => {
  const path = PATHS[call.protocol];
  if (path === undefined) return undefined;
  const anthropic = call.protocol.startsWith('anthropic');
  const headers = [
    'content-type: application/json',
    ...(anthropic ? ['anthropic-version: 2023-06-01'] : []),
  ].map((header) => `  -H '${header}' \\`);
  const key = call.open
    ? []
    : [anthropic ? `  -H "x-api-key: $MIDWATCH_KEY" \\` : `  -H "authorization: Bearer $MIDWATCH_KEY" \\`];
  return [`curl ${call.base}${path} \\`, ...key, ...headers, `  -d ${quote(JSON.stringify(call.ask))}`].join(
    '\n',
  );
};

/** Single quotes for a POSIX shell: nothing inside them is expanded, only a quote itself has to leave them. */
export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
